"""Authorizers of a project: from `[tool.lambdakit.authorizers]`, and from the APIs of a SAM template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lambdakit.emulator.project import Route, load_project
from lambdakit.emulator.project.authorizer import Authorizer
from lambdakit.emulator.project.template import read_template
from lambdakit.exceptions import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from lambdakit.emulator.project import Project

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"
ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"
HEADER = ("$request.header.Authorization",)
CONFIGURATION = f"""
[tool.lambdakit.authorizers.users]
kind = "jwt"
issuer = "https://login.example"
audience = ["web", "app"]
jwks-url = "http://localhost:8080/keys"
scopes = ["orders"]
[tool.lambdakit.authorizers.pool]
kind = "cognito"
user-pool = "{POOL}"
[tool.lambdakit.authorizers.guard]
kind = "token"
function = "f"
validation = "Bearer .+"
ttl = 60
[tool.lambdakit.authorizers.door]
function = "f"
identity = ["$request.querystring.key", "$context.stage"]
answers = "simple"
payload = "1.0"
[tool.lambdakit.functions.f]
handler = "app.py:handler"
routes = [
    {{ path = "/a", authorizer = "users", scopes = ["x", "y"] }},
    {{ path = "/b", kind = "rest", authorizer = "pool" }},
    {{ path = "/c", kind = "rest", authorizer = "guard" }},
    {{ path = "/d", authorizer = "door" }},
    {{ path = "/e", authorizer = "f" }},
    "$default",
]
"""
USERS = Authorizer(
    "users",
    "jwt",
    issuers=("https://login.example",),
    audience=("web", "app"),
    keys_url="http://localhost:8080/keys",
    scopes=("orders",),
)


def project(root: Path, text: str) -> Project:
    (root / "app.py").write_text("def handler(event, context): ...\n")
    (root / "pyproject.toml").write_text(text)
    return load_project(root)


def test_routes_have_the_authorizers_they_name(tmp_path: Path) -> None:
    (function,) = project(tmp_path, CONFIGURATION).functions
    door = ("$request.querystring.key", "$context.stage")
    assert function.routes == (
        Route("ANY", "/a", "http", USERS, ("x", "y")),
        Route("ANY", "/b", "rest", Authorizer("pool", "cognito", issuers=(ISSUER,))),
        Route("ANY", "/c", "rest", Authorizer("guard", "token", "f", HEADER, "Bearer .+", 60)),
        Route("ANY", "/d", "http", Authorizer("door", "request", "f", door, answers="simple", payload="1.0")),
        Route("ANY", "/e", "http", "f"),
        Route("ANY", "$default"),
    )


FUNCTION = '\n[tool.lambdakit.functions.f]\nhandler = "app.py:handler"\n'
MISTAKES = {
    'kind = "oidc"': "users.kind is request, token, jwt, cognito, not 'oidc'",
    'kind = "jwt"': "users has no 'issuer', which one of kind jwt needs",
    'kind = "token"': "users has no 'function'",
    'kind = "jwt"\nissuer = "https://i"\nttl = 3': "users has no setting 'ttl'; one of kind jwt has identity, issuer",
    'function = "f"\nttl = 7200': "users.ttl: expected 0 to 3600 seconds, not 7200",
    'function = "f"\nidentity = "Authorization"': "'Authorization' is no identity source",
    'function = "f"\nanswers = "both"': "expected simple or policy or either, not 'both'",
    'kind = "token"\nfunction = "f"\nvalidation = "("': "'(' is no regular expression",
    'kind = "cognito"\nuser-pool = "abc"': "'abc' is no user pool; expected arn:aws:cognito-idp",
    'kind = "jwt"\nissuer = [1]': "expected text or a list of texts, not [1]",
    'function = ""': "expected text, not ''",
}


@pytest.mark.parametrize("table", MISTAKES)
def test_mistakes_are_met_with_the_place(tmp_path: Path, table: str) -> None:
    with pytest.raises(UsageError) as caught:
        project(tmp_path, f"[tool.lambdakit.authorizers.users]\n{table}\n{FUNCTION}")
    assert MISTAKES[table] in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'pyproject.toml'}: ")


def test_an_authorizer_is_for_its_own_kind_of_api(tmp_path: Path) -> None:
    text = CONFIGURATION.replace('{ path = "/a"', '{ path = "/a", kind = "rest"')
    with pytest.raises(UsageError, match=r"ANY /a is of kind rest, and its authorizer 'users' .* is for http routes"):
        project(tmp_path, text)


TEMPLATE = f"""
Globals:
  Api: {{Auth: {{DefaultAuthorizer: Pool, Authorizers: {{Pool: {{UserPoolArn: "{POOL}"}}}}}}}}
  HttpApi:
    Auth:
      Authorizers:
        Users:
          IdentitySource: $request.querystring.token
          AuthorizationScopes: [orders]
          JwtConfiguration: {{issuer: "https://login.example", audience: [web]}}
        Door:
          FunctionArn: !GetAtt Guard.Arn
          AuthorizerPayloadFormatVersion: "2.0"
          EnableSimpleResponses: true
          Identity: {{Headers: [Authorization], QueryStrings: [key], ReauthorizeEvery: 30}}
Resources:
  Stack: {{Type: AWS::Cognito::UserPool}}
  Own:
    Type: AWS::Serverless::Api
    Properties:
      Auth:
        DefaultAuthorizer: Guarded
        Authorizers:
          Guarded:
            FunctionArn: !Sub "${{Guard.Arn}}:live"
            Identity: {{Header: X-Token, ValidationExpression: "[a-z]+", ReauthorizeEvery: 0}}
          Asked: {{FunctionArn: !GetAtt Guard.Arn, FunctionPayloadType: REQUEST, Identity: {{Context: [stage]}}}}
          Made: {{UserPoolArn: !GetAtt Stack.Arn}}
  Guard: {{Type: AWS::Serverless::Function, Properties: {{Handler: app.handler, FunctionName: guard}}}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Events:
        A: {{Type: Api, Properties: {{Path: /a, Method: get}}}}
        B: {{Type: Api, Properties: {{Path: /b, Method: get, Auth: {{Authorizer: NONE}}}}}}
        C: {{Type: Api, Properties: {{Path: /c, Method: get, RestApiId: !Ref Own}}}}
        D: {{Type: Api, Properties: {{Path: /d, Method: get, RestApiId: !Ref Own, Auth: {{Authorizer: Asked}}}}}}
        E: {{Type: Api, Properties: {{Path: /e, Method: get, RestApiId: !Ref Own, Auth: {{Authorizer: Made}}}}}}
        F:
          Type: Api
          Properties:
            Path: /f
            Method: get
            RestApiId: !Ref Own
            Auth: {{Authorizer: Pool, AuthorizationScopes: [read]}}
        G: {{Type: HttpApi, Properties: {{Path: /g, Method: get}}}}
        H: {{Type: HttpApi, Properties: {{Path: /h, Method: get, Auth: {{Authorizer: Users}}}}}}
        I: {{Type: HttpApi, Properties: {{Path: /i, Method: get, Auth: {{Authorizer: Door}}}}}}
        J: {{Type: HttpApi, Properties: {{Path: /j, Method: get, Auth: {{Authorizer: AWS_IAM}}}}}}
"""


def test_a_template_describes_them_at_its_apis(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    read = read_template(tmp_path / "template.yaml")
    pool = Authorizer("Pool", "cognito", identity=HEADER, issuers=(ISSUER,))
    door = ("$request.header.Authorization", "$request.querystring.key")
    expected = {
        "/a": Route("GET", "/a", "rest", pool),
        "/b": Route("GET", "/b", "rest", "NONE"),
        "/c": Route(
            "GET", "/c", "rest", Authorizer("Guarded", "token", "guard", ("$request.header.X-Token",), "[a-z]+", 0)
        ),
        "/d": Route("GET", "/d", "rest", Authorizer("Asked", "request", "guard", ("$context.stage",))),
        "/e": Route("GET", "/e", "rest", "Made"),
        "/f": Route("GET", "/f", "rest", pool, ("read",)),
        "/g": Route("GET", "/g", "http"),
        "/h": Route(
            *("GET", "/h", "http"),
            Authorizer(
                *("Users", "jwt"),
                identity=("$request.querystring.token",),
                issuers=("https://login.example",),
                audience=("web",),
                scopes=("orders",),
            ),
        ),
        "/i": Route("GET", "/i", "http", Authorizer("Door", "request", "guard", door, ttl=30, answers="simple")),
        "/j": Route("GET", "/j", "http", "AWS_IAM"),
    }
    (routes,) = (function.routes for function in read.functions if function.name == "F")
    assert {route.path: route for route in routes} == expected
    assert read.notes == ("F: the authorizer Made: Stack.Arn is known in the cloud only; nobody passes it here",)
