"""ECS by moto, whose tasks are played. usage: ecs.py PORT

moto answers ECS's calls and starts no container: its tasks run at once, have one container, know no client token, and never end by themselves.
Here they begin in PROVISIONING with all their containers, one token gives one task, and POST /play says what becomes of them:
{"task": ID, "lastStatus": …, "startedAt": seconds, …, "containers": {NAME: {"lastStatus": …, "exitCode": …}}}.
"""

import json
import sys
import time

from moto.ecs.models import Container, EC2ContainerServiceBackend, Task, ecs_backends
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

ATTRIBUTES = {
    "lastStatus": "last_status",
    "exitCode": "exitCode",
    "healthStatus": "health_status",
    "runtimeId": "runtime_id",
    "reason": "reason",
    "startedAt": "started_at",
    "stoppedAt": "stopped_at",
    "stoppedReason": "stopped_reason",
}
tokens = {}


def begin(self, *args, **kwargs):
    initialize(self, *args, **kwargs)
    definition = kwargs["task_definition"]
    self.status = self.last_status = "PROVISIONING"
    self._transitions = [("PROVISIONING", "PROVISIONING")]
    self.created_at = time.time()
    self.containers = []
    whole = definition.container_definitions
    for one in whole:
        definition.container_definitions = [one]
        container = Container(definition)
        del container.exitCode
        container.health_status = "UNKNOWN"
        self.containers.append(container)
    definition.container_definitions = whole


initialize = Task.__init__
Task.__init__ = begin


def described(self, include_tags=True):
    answer = describe(self, include_tags)
    answer["containers"] = [container.response_object for container in self.containers]
    return answer


describe = Task.response_object
Task.response_object = described


def run_once(self):
    token = (self._get_param("cluster"), self._get_param("clientToken"))
    asked = self._get_param("taskDefinition")
    known = tokens.get(token)
    if known and known[0] != asked:
        self.response_headers["x-amzn-errortype"] = "ConflictException"
        body = {"__type": "ConflictException", "message": "the token was used", "resourceIds": known[1]}
        return 400, {"status": 400}, json.dumps(body)
    if known:
        tasks = self.ecs_backend.describe_tasks(self._get_param("cluster"), known[1])
        return json.dumps({"tasks": [task.response_object() for task in tasks], "failures": []})
    answer = run(self)
    tokens[token] = (asked, [task["taskArn"] for task in json.loads(answer)["tasks"]])
    return answer


run = EC2ContainerServiceResponse.run_task
EC2ContainerServiceResponse.run_task = run_once


def stop(self, cluster_str, task_str, reason):
    """ECS tells a task to end, which takes its time."""
    for task in self.describe_tasks(cluster_str, [task_str]):
        task.desired_status = "STOPPED"
        task.stopped_reason = reason
        return task
    raise InvalidParameterException("The referenced task was not found.")


EC2ContainerServiceBackend.stop_task = stop
# It asks every container for its memory, which on Fargate the task has.
EC2ContainerServiceBackend._calculate_task_resource_requirements = staticmethod(lambda definition: {})


def change(target, values):
    for name, attribute in ATTRIBUTES.items():
        if name in values:
            setattr(target, attribute, values[name])


def play(account, region, said):
    for tasks in ecs_backends[account][region].tasks.values():
        for arn, task in tasks.items():
            if not arn.endswith(said["task"]):
                continue
            change(task, said)
            if "lastStatus" in said:
                task.status = said["lastStatus"]
                if task.status == "STOPPED":
                    task.desired_status = "STOPPED"
            for container in task.containers:
                change(container, said.get("containers", {}).get(container.name, {}))


moto = DomainDispatcherApplication(create_backend_app)


def application(environ, start_response):
    if environ["PATH_INFO"] != "/play":
        return moto(environ, start_response)
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    play("123456789012", "us-east-1", json.loads(body))
    start_response("204 No Content", [])
    return []


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
