"""What RunInstances lacks here: user data and instance profile of its launch template, and one launch for one client token.

Source: "RunInstances" and "Ensuring idempotency in Amazon EC2 API requests", Amazon EC2 API Reference.
"""

from localstack.runtime import hooks
from localstack.utils.patch import patch


@hooks.on_infra_start()
def complete_run_instances():
    from moto.ec2.models import EC2Backend

    @patch(EC2Backend.run_instances)
    def run_instances(fn, self, image_id, count, user_data, security_group_names, **kwargs):
        # Without a token of the client's own this is what stands in its place.
        token = kwargs.get("client_token", "ABCDE")
        before = next((one for one in self.reservations.values() if token != "ABCDE" and launched_with(one, token)), None)
        if before:
            return before
        template = kwargs.get("launch_template")
        version = self._get_template_from_args(template) if template else None
        user_data = user_data or (version and version.user_data)
        reservation = fn(self, image_id, count, user_data, security_group_names, **kwargs)
        profile = version and version.data.get("IamInstanceProfile")
        named = kwargs.get("iam_instance_profile_arn") or kwargs.get("iam_instance_profile_name")
        if profile and not named:
            for instance in reservation.instances:
                self.associate_iam_instance_profile(
                    instance_id=instance.id,
                    iam_instance_profile_arn=profile.get("Arn"),
                    iam_instance_profile_name=profile.get("Name"),
                )
        return reservation


def launched_with(reservation, token):
    return any(instance.client_token == token for instance in reservation.instances)
