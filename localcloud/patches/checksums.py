"""Parts are listed with their SHA-256, by which a client sees what of an upload is there.

moto lists ETags only; they are MD5, and those of an encrypted bucket are not.
"""

import base64
from typing import Any

from moto.s3.responses import S3Response

from localcloud.patches.objects import sha256, with_sha256
from localcloud.patches.patch import Patch


def _listed(original: Any) -> Any:
    def list_parts(self: Any) -> Any:
        upload = self.backend.get_bucket(self.bucket_name).multiparts.get(self._get_param("uploadId"))
        serialized = self.serialized

        def with_checksums(answer: Any) -> Any:
            for part in answer.result["Parts"] if upload and with_sha256(upload) else ():
                part["ChecksumSHA256"] = base64.b64encode(sha256(upload.parts[part["PartNumber"]])).decode()
            return serialized(answer)

        self.serialized = with_checksums
        return original(self)

    return list_parts


PATCHES = (Patch("parts are listed with their SHA-256", S3Response, "list_parts", _listed),)
