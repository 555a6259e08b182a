"""Presigned S3 requests whose signature binds headers too: AWS Signature Version 4, query form.

Source: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the
Amazon S3 API reference. minio-py signs the host only, so a URL of its making accepts any bytes.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs, and for which region."""

    access_key: str
    secret_key: str
    region: str


def presigned(
    method: str,
    url: str,
    keys: Keys,
    *,
    headers: Mapping[str, str],
    parameters: Mapping[str, str] | None = None,
    now: datetime,
    expires_in_s: int,
) -> str:
    """*url* with a signature for exactly this method, these headers and these query parameters.

    *url* is an object's address without a query, its path percent-encoded already; *now* is
    in UTC; the signature is good for *expires_in_s* seconds from then.
    """
    parts = urlsplit(url)
    signed = {"host": parts.netloc} | {
        name.lower(): value.strip() for name, value in headers.items()
    }
    names = ";".join(sorted(signed))
    scope = f"{now:%Y%m%d}/{keys.region}/s3/aws4_request"
    query = _query(
        {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{keys.access_key}/{scope}",
            "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(expires_in_s),
            "X-Amz-SignedHeaders": names,
            **(parameters or {}),
        }
    )
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = f"{method}\n{parts.path}\n{query}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{now:%Y%m%dT%H%M%SZ}\n{scope}\n{digest}"
    signature = hmac.digest(_key(keys, now), text.encode(), "sha256").hex()
    return f"{url}?{query}&X-Amz-Signature={signature}"


def attachment(filename: str) -> str:
    """Content-Disposition for a download, as RFC 6266 has it: the name twice, plainly first."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='-_.~')}"


def _query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{name}={quote(parameters[name], safe='-_.~')}" for name in sorted(parameters))


def _key(keys: Keys, now: datetime) -> bytes:
    key = f"AWS4{keys.secret_key}".encode()
    for part in (f"{now:%Y%m%d}", keys.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
