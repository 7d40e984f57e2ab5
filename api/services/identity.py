"""
Signing in through the site's identity provider: OpenID Connect, authorization code with PKCE.

The provider is found by discovery; what it says is believed only from its own addresses and under its own keys. An
ID token is checked for signature, issuer, audience, times, nonce and the hash of the access token.

Sources: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 7636 (PKCE); RFC 9207 (issuer in the answer);
RFC 9700 (best current practice).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chartsift.api.faults import AccessError
from chartsift.nlp.log import get_logger

_LOG = get_logger(__name__)

# Signatures with a key pair only. "none" and those with a shared secret are how tokens are forged.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SCOPE = "openid email"

# Clocks of two servers of one site differ by seconds; RFC 7519 allows "no more than a few minutes".
LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 10.0
# Keys are fetched again when an unknown one is named, though not more often than this.
_KEYS_EVERY_SECONDS = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the browser keeps between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str
    onward: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for; ``email`` is empty unless the provider says that it was verified."""

    issuer: str
    subject: str
    email: str = ""


class Provider:
    """
    The identity provider of the site.

    Args:
        issuer: Its address, exactly as it names itself.
        client_id: Under which the provider knows this server.
        client_secret: Empty for a public client, which PKCE alone protects.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str = "") -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._document: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def authorization_url(self, attempt: Attempt, *, redirect_uri: str) -> str:
        """
        Return where to send the browser.

        Raises:
            AccessError: the provider cannot be reached, or is not the one that was named (AC513).
        """
        with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                self._known("authorization_endpoint"),
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(url)

    def identity(self, attempt: Attempt, answer: Mapping[str, str], *, redirect_uri: str) -> Identity:
        """
        Return whom the provider's *answer* to *attempt* names.

        Args:
            attempt: As it was kept by the browser that left.
            answer: Parameters of the address that the browser came back to.
            redirect_uri: That address, without parameters.

        Raises:
            AccessError: the answer belongs to another attempt, or the provider refused, or its token is not good
                (AC511); the provider cannot be reached (AC513).
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise _refused("state")
        # A provider that signs in for several issuers says which one answers (mix-up attack, RFC 9207).
        speaks = self._discovered().get("authorization_response_iss_parameter_supported") is True
        if answer.get("iss", "" if speaks else self.issuer) != self.issuer:
            raise _refused("iss")
        if "error" in answer or not answer.get("code"):
            raise _refused("error")
        token = self._fetched(answer["code"], attempt, redirect_uri)
        claims = self._claims(token, attempt)
        is_verified = claims.get("email_verified") is True
        return Identity(self.issuer, str(claims["sub"]), str(claims.get("email", "")) if is_verified else "")

    def _fetched(self, code: str, attempt: Attempt, redirect_uri: str) -> Mapping[str, Any]:
        with self._client(redirect_uri) as client:
            try:
                token: Mapping[str, Any] = client.fetch_token(
                    self._known("token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                )
            except httpx2.HTTPError as exc:
                raise AccessError("AC513") from exc
            except (OAuthError, ValueError) as exc:
                raise _refused("token_endpoint") from exc
        return token

    def _claims(self, token: Mapping[str, Any], attempt: Attempt) -> Mapping[str, Any]:
        raw = token.get("id_token")
        if not isinstance(raw, str):
            raise _refused("id_token")
        try:
            decoded = self._decoded(raw)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "sub": {"essential": True},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {
                    "nonce": attempt.nonce,
                    "client_id": self._client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as exc:
            raise _refused("claims") from exc
        audience = claims["aud"]
        # More than one audience: the token must have been made for this one (Core, 3.1.3.7, point 4).
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._client_id:
            raise _refused("azp")
        return dict(claims)

    def _decoded(self, raw: str) -> jwt.Token:
        try:
            return jwt.decode(raw, self._key_set(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            # The provider may have changed its keys since.
            if time.monotonic() - self._keys_at < _KEYS_EVERY_SECONDS:
                raise
            self._keys = None
            return jwt.decode(raw, self._key_set(), algorithms=list(ALGORITHMS))

    def _key_set(self) -> KeySet:
        if self._keys is None:
            self._keys = KeySet.import_key_set(self._got(self._known("jwks_uri")))  # type: ignore[arg-type]
            self._keys_at = time.monotonic()
        return self._keys

    def _known(self, name: str) -> str:
        address = self._discovered().get(name)
        if not isinstance(address, str) or not is_safe_address(address):
            raise AccessError("AC513")
        return address

    def _discovered(self) -> Mapping[str, Any]:
        if not self._document:
            if not is_safe_address(self.issuer):
                raise AccessError("AC513")
            document = self._got(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            # Whoever answers must name the issuer that was asked for (Discovery 1.0, section 4.3).
            if document.get("issuer") != self.issuer:
                raise AccessError("AC513")
            self._document = document
        return self._document

    def _got(self, address: str) -> Mapping[str, Any]:
        try:
            answer = httpx2.get(address, timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as exc:
            raise AccessError("AC513") from exc
        if not isinstance(found, dict):
            raise AccessError("AC513")
        return found

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._client_id,
            client_secret=self._client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if self._client_secret else "none",
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )


def is_safe_address(address: str) -> bool:
    """
    Say whether an address of a provider may be asked: through TLS, or on this machine.

    >>> is_safe_address("https://id.example"), is_safe_address("http://id.example"), is_safe_address("http://127.0.0.1:9")
    (True, False, True)
    """
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _refused(where: str) -> AccessError:
    # Which check failed is for the log; the caller learns only that it did.
    _LOG.warning("identity_refused", where=where)
    return AccessError("AC511")
