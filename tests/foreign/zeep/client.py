"""Does zeep, as it comes, get on with MSign? See ../conftest.py for the arguments."""

import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zeep
import zeep.exceptions
from requests import Session


def connected() -> Any:
    """The service, made from the WSDL alone."""
    session = Session()
    session.trust_env = False
    session.cert = (os.environ["MSIGN_CERT"], os.environ["MSIGN_KEY"])
    session.verify = os.environ["MSIGN_CA"]
    client = zeep.Client(os.environ["MSIGN_WSDL"], transport=zeep.Transport(session=session))
    return client.create_service("{https://msign.gov.md}BasicHttpBinding_IMSign", os.environ["MSIGN_URL"])


def post(kind: str, description: str, *files: str) -> dict[str, Any]:
    contents = [{"Content": Path(path).read_bytes(), "CorrelationID": str(n)} for n, path in enumerate(files)]
    request = {"ContentType": kind, "Contents": {"SignContent": contents}, "ShortContentDescription": description}
    return {"RequestID": connected().PostSignRequest(request=request)}


def get(request_id: str, language: str) -> dict[str, Any]:
    answer = connected().GetSignResponse(requestID=request_id, language=language)
    results = [
        {
            "CorrelationID": one.CorrelationID,
            "Certificate": base64.b64encode(one.Certificate).decode(),
            "Signature": base64.b64encode(one.Signature).decode(),
        }
        for one in (answer.Results and answer.Results.SignResult) or []
    ]
    return {"Status": answer.Status, "Message": answer.Message, "Results": results}


def verify(kind: str, signature: str, content: str | None = None) -> dict[str, Any]:
    one: dict[str, Any] = {"Signature": Path(signature).read_bytes()}
    if content is not None:
        one["Content"] = Path(content).read_bytes()
    request = {"Contents": {"VerificationContent": [one]}, "Language": "ro", "SignedContentType": kind}
    (result,) = connected().VerifySignatures(request=request).VerificationResult  # zeep unwraps what has one element
    certificates = (result.Certificates and result.Certificates.VerificationCertificate) or []
    subjects = [one.Subject for one in certificates]
    return {"SignaturesValid": result.SignaturesValid, "Message": result.Message, "Subjects": subjects}


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {"post": post, "get": get, "verify": verify}

try:
    told = OPERATIONS[sys.argv[1]](*sys.argv[2:])
except zeep.exceptions.Fault as fault:
    told = {"Fault": fault.code, "Text": fault.message}
sys.stdout.write(json.dumps(told))
