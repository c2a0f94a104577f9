"""Who signed a presigned request: LocalStack looks at the Authorization header only, and takes such requests for the account's root.

Tokens of IAM principals are presigned requests to STS. Source: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

from localstack.runtime import hooks
from localstack.utils.patch import patch
from moto.core.responses import BaseResponse


@hooks.on_infra_start()
def read_presigned_credentials():
    @patch(BaseResponse.get_access_key)
    def get_access_key(fn, self):
        credential = self.querystring.get("X-Amz-Credential")
        return credential[0].split("/")[0] if credential else fn(self)
