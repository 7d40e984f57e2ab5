"""
A small OpenID provider for the tests, run as a process of its own: ``python identity_provider.py``.

It prints its port and serves discovery, keys, authorization (code with PKCE, S256 only) and tokens. Whoever asks for
authorization adds ``login`` (who signs in) and may add ``fault`` (what is wrong with the token). A code is good once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "chartsift", "a secret of the tests"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
EC_KEY = ECKey.generate_key("P-256", {"kid": "ec"})
CODES: dict[str, dict[str, str]] = {}


def id_token(asked: dict[str, str], issuer: str, access_token: str) -> str | None:
    """Return the ID token of an authorization, spoilt as *asked* for."""
    fault = asked.get("fault", "")
    now = int(time.time())
    half = hashlib.sha256(access_token.encode()).digest()[:16]  # at_hash of OpenID Connect Core, 3.1.3.6
    claims = {
        "iss": issuer,
        "sub": "subject-of-" + asked["login"],
        "aud": CLIENT,
        "exp": now + 300,
        "iat": now,
        "nonce": asked["nonce"],
        "email": asked["login"],
        "email_verified": True,
        "at_hash": _packed(half),
    }
    changes = {
        "other issuer": {"iss": issuer + "/other"},
        "other audience": {"aud": "another-client"},
        "two audiences": {"aud": [CLIENT, "another-client"]},
        "two audiences for us": {"aud": [CLIENT, "another-client"], "azp": CLIENT},
        "other nonce": {"nonce": "another"},
        "expired": {"exp": now - 3600, "iat": now - 7200},
        "made in the future": {"iat": now + 3600, "nbf": now + 3600},
        "other access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        "email not verified": {"email_verified": False},
        "email verified as a word": {"email_verified": "true"},
    }
    claims |= changes.get(fault, {})
    for missing in ("nonce", "exp", "sub"):
        if fault == f"no {missing}":
            del claims[missing]
    if fault == "no token":
        return None
    if fault == "no signature":
        return f"{_packed(json.dumps({'alg': 'none', 'kid': 'one'}))}.{_packed(json.dumps(claims))}."
    if fault == "signed with the public key":
        # By hand: the library refuses to make it.
        head = f"{_packed(json.dumps({'alg': 'HS256', 'kid': 'one'}))}.{_packed(json.dumps(claims))}"
        forged = hmac.digest(KEY.as_pem(private=False), head.encode(), "sha256")
        return f"{head}.{_packed(forged)}"
    if fault == "signed by another":
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, OTHER_KEY)
    if fault == "elliptic":
        return jwt.encode({"alg": "ES256", "kid": "ec"}, claims, EC_KEY)
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY)


def _packed(value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "authorization_response_iss_parameter_supported": True,
                }
            )
        elif parts.path == "/keys":
            self._json({"keys": [KEY.as_dict(private=False), EC_KEY.as_dict(private=False)]})
        elif parts.path == "/authorize":
            self._authorize(asked)
        else:
            self._json({"error": "not_found"}, 404)

    def _authorize(self, asked: dict[str, str]) -> None:
        is_good = (
            asked.get("client_id") == CLIENT
            and asked.get("response_type") == "code"
            and asked.get("code_challenge_method") == "S256"
            and "openid" in asked.get("scope", "").split()
            and asked.get("nonce")
        )
        if not is_good:
            self._json({"error": "invalid_request"}, 400)
            return
        answer = {"state": asked["state"], "iss": self.issuer}
        if asked.get("login"):
            code = secrets.token_urlsafe(16)
            CODES[code] = asked
            answer["code"] = code
        else:
            answer["error"] = "access_denied"
        if asked.get("fault") == "answer of another issuer":
            answer["iss"] = self.issuer + "/other"
        if asked.get("fault") == "answer without issuer":
            del answer["iss"]
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(answer)}")
        self.end_headers()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        sent = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
        asked = CODES.pop(sent.get("code", ""), None)
        challenge = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_good = (
            urlsplit(self.path).path == "/token"
            and asked is not None
            and self.headers.get("Authorization") == expected
            and sent.get("grant_type") == "authorization_code"
            and sent.get("redirect_uri") == asked["redirect_uri"]
            and _packed(challenge) == asked["code_challenge"]
        )
        if not is_good or asked is None:
            self._json({"error": "invalid_grant"}, 400)
            return
        access_token = secrets.token_urlsafe(16)
        told = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
        token = id_token(asked, self.issuer, access_token)
        self._json(told if token is None else {**told, "id_token": token})

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def _json(self, value: object, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
