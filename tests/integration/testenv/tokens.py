"""Token endpoints of all kinds, scripted: an upstream whose answers are tokens, and what was asked."""
import json
import urllib.parse

from . import upstream as up


def form(request):
    """A form body as a dict; a name twice is a mistake."""
    pairs = urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def oauth(token, expires_in=3600):
    return up.answer(200, {"access_token": token, "expires_in": expires_in, "token_type": "Bearer"})


def refused(status=400, error="invalid_grant", description="no"):
    return up.answer(status, {"error": error, "error_description": description})


def aws(key_id, secret, token, expiration="2099-01-01T00:00:00Z"):
    return up.answer(200, {"AccessKeyId": key_id, "SecretAccessKey": secret, "Token": token,
                           "Expiration": expiration, "RoleArn": "arn:aws:iam::1:role/x"})


def sts(key_id, secret, token, expiration="2099-01-01T00:00:00Z"):
    body = ("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
            "<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>"
            "<SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>"
            "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
            % (key_id, secret, token, expiration))
    return up.answer(200, body, content_type="text/xml")


def serial(make, **more):
    """A handler that gives another token each time: make(1), make(2), ..."""
    count = [0]

    def handler(exchange):
        count[0] += 1
        return make(count[0], **more)(exchange)
    return handler


def as_json(request):
    return json.loads(request.body)
