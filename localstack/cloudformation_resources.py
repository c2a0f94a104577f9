"""Resource types that this LocalStack lacks in CloudFormation: custom resources, launch templates, rules of security groups.

Without a provider LocalStack calls such a resource created and makes nothing.
"""

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)

ANSWER_TIMEOUT_SECONDS = 300


def done(model):
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def schema(type_name, primary):
    return {"typeName": type_name, "primaryIdentifier": [f"/properties/{primary}"], "properties": {}}


class AnswerServer(HTTPServer):
    """Takes the one PUT with which a custom resource answers."""

    answer = None

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            self.server.answer = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.timeout = ANSWER_TIMEOUT_SECONDS


class CustomResourceProvider(ResourceProvider):
    """Source of the protocol: "Custom resource reference", AWS CloudFormation User Guide."""

    SCHEMA = schema("AWS::CloudFormation::CustomResource", "PhysicalResourceId")
    OWN = ("PhysicalResourceId", "Attributes")

    def create(self, request):
        return self.ask(request, "Create")

    def update(self, request):
        before = request.previous_state or {}
        event = self.ask(request, "Update", before)
        old, new = before.get("PhysicalResourceId"), event.resource_model.get("PhysicalResourceId")
        if event.status == OperationStatus.SUCCESS and old and old != new:
            self.ask(request, "Delete", before, before)
        return event

    def delete(self, request):
        return self.ask(request, "Delete", request.desired_state, request.desired_state)

    def ask(self, request, request_type, before=None, properties=None):
        wanted = {k: v for k, v in (properties or request.desired_state).items() if k not in self.own(before)}
        event = {
            "RequestType": request_type,
            "ResponseURL": "",
            "StackId": request.stack_id,
            "RequestId": str(uuid.uuid4()),
            "ResourceType": request.resource_type,
            "LogicalResourceId": request.logical_resource_id,
            "ResourceProperties": wanted,
        }
        if before:
            event["PhysicalResourceId"] = before.get("PhysicalResourceId")
        if request_type == "Update":
            event["OldResourceProperties"] = {k: v for k, v in before.items() if k not in self.own(before)}
        answer = self.call(request, wanted["ServiceToken"], event)
        if answer.get("Status") != "SUCCESS":
            message = answer.get("Reason", "the function gave no answer")
            return ProgressEvent(status=OperationStatus.FAILED, resource_model=request.desired_state, message=message)
        data = answer.get("Data") or {}
        model = {**wanted, **data, "PhysicalResourceId": answer["PhysicalResourceId"], "Attributes": list(data)}
        return done(model)

    def own(self, before):
        return [*self.OWN, *((before or {}).get("Attributes") or [])]

    def call(self, request, token, event):
        server = AnswerServer()
        waiting = threading.Thread(target=server.handle_request)
        waiting.start()
        try:
            event["ResponseURL"] = f"http://127.0.0.1:{server.server_port}/"
            payload = json.dumps(event)
            reply = request.aws_client_factory.lambda_.invoke(FunctionName=token, Payload=payload)
            if reply.get("FunctionError") and not server.answer:
                return {"Reason": reply["Payload"].read().decode()}
            waiting.join(ANSWER_TIMEOUT_SECONDS)
            return server.answer or {}
        except Exception as error:
            # Raised, it would be told as a failure "to delete", whatever was asked for.
            return {"Reason": str(error)}
        finally:
            server.server_close()


class LaunchTemplateProvider(ResourceProvider):
    SCHEMA = schema("AWS::EC2::LaunchTemplate", "LaunchTemplateId")

    def create(self, request):
        model = request.desired_state
        made = request.aws_client_factory.ec2.create_launch_template(
            LaunchTemplateName=model["LaunchTemplateName"], LaunchTemplateData=model["LaunchTemplateData"]
        )["LaunchTemplate"]
        return done({**model, "LaunchTemplateId": made["LaunchTemplateId"], "LatestVersionNumber": "1"})

    def update(self, request):
        # As in CloudFormation the default version stays what it was: whoever starts instances names $Latest.
        model = request.desired_state
        made = request.aws_client_factory.ec2.create_launch_template_version(
            LaunchTemplateId=request.previous_state["LaunchTemplateId"], LaunchTemplateData=model["LaunchTemplateData"]
        )["LaunchTemplateVersion"]
        known = {"LaunchTemplateId": made["LaunchTemplateId"], "LatestVersionNumber": str(made["VersionNumber"])}
        return done({**model, **known})

    def delete(self, request):
        request.aws_client_factory.ec2.delete_launch_template(LaunchTemplateName=request.desired_state["LaunchTemplateName"])
        return done(request.desired_state)


class SecurityGroupRuleProvider(ResourceProvider):
    direction = ""

    def create(self, request):
        model = request.desired_state
        self.call(request, "authorize")
        return done({**model, "Id": str(uuid.uuid4())})

    def update(self, request):
        return done({**request.desired_state, "Id": (request.previous_state or {}).get("Id", str(uuid.uuid4()))})

    def delete(self, request):
        self.call(request, "revoke")
        return done(request.desired_state)

    def call(self, request, action):
        model = request.desired_state
        permission = {"IpProtocol": str(model["IpProtocol"])}
        for port in ("FromPort", "ToPort"):
            if port in model:
                permission[port] = int(model[port])
        peer = model.get("SourceSecurityGroupId") or model.get("DestinationSecurityGroupId")
        if peer:
            permission["UserIdGroupPairs"] = [{"GroupId": peer}]
        if "CidrIp" in model:
            permission["IpRanges"] = [{"CidrIp": model["CidrIp"]}]
        operation = getattr(request.aws_client_factory.ec2, f"{action}_security_group_{self.direction}")
        operation(GroupId=model["GroupId"], IpPermissions=[permission])


class SecurityGroupIngressProvider(SecurityGroupRuleProvider):
    SCHEMA = schema("AWS::EC2::SecurityGroupIngress", "Id")
    direction = "ingress"


class SecurityGroupEgressProvider(SecurityGroupRuleProvider):
    SCHEMA = schema("AWS::EC2::SecurityGroupEgress", "Id")
    direction = "egress"


class CustomResourcePlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::CloudFormation::CustomResource"
    factory = CustomResourceProvider

    def load(self):
        pass


class LaunchTemplatePlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::EC2::LaunchTemplate"
    factory = LaunchTemplateProvider

    def load(self):
        pass


class SecurityGroupIngressPlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::EC2::SecurityGroupIngress"
    factory = SecurityGroupIngressProvider

    def load(self):
        pass


class SecurityGroupEgressPlugin(CloudFormationResourceProviderPlugin):
    name = "AWS::EC2::SecurityGroupEgress"
    factory = SecurityGroupEgressProvider

    def load(self):
        pass
