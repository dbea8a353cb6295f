"""A program that talks to the API in process, and holds every answer to the published contract."""

import json
from datetime import date

from jsonschema import Draft202012Validator

from steelyard.api.serving import sample_text
from steelyard.interfaces.http.addresses import contract
from steelyard.interfaces.http.leave import Leave
from steelyard.interfaces.web.application import Site, application
from steelyard.interfaces.web.sessions import Sessions

from .asking import HOST, PORT, TOKEN, ask

DAY = date(2026, 11, 23)
CONTRACT = json.loads(contract())


class Program:
    """A program that shows the token, and holds every answer to the contract."""

    def __init__(self, folder, text=None, *, orders=False, files=None):
        self.file = folder / "portfolio.toml"
        if files is None:
            self.file.write_text(text or sample_text(), encoding="utf-8")
        self.site = Site(
            files or {"portfolio": self.file}, Sessions(PORT, TOKEN), PORT, DAY, Leave(60 * orders)
        )
        self.app = application(self.site)
        self.keys = 0

    def get(self, target, **headers):
        return self.ask("GET", target, headers)

    def post(self, target, document, *, key=None, **headers):
        self.keys += 1
        own = {
            "idempotency-key": f"key-{self.keys}" if key is None else key,
            "content-type": "application/json",
        }
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.ask("POST", target, {**own, "content-length": str(len(body)), **headers}, body)

    def send(self, method, target, document=None):
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body))} if body else {}
        return self.ask(method, target, headers, body)

    def ask(self, method, target, headers, body=b""):
        known = {"host": HOST, "authorization": f"Bearer {TOKEN}", **headers}
        answer = ask(self.app, method, target, [(k, v) for k, v in known.items() if v is not None], body)
        answer.document = self._held(method, target.partition("?")[0], answer)
        return answer

    def _held(self, method, path, answer):
        fitting = [t for t in CONTRACT["paths"] if fits(t, path)]
        template = min(fitting, key=lambda t: t.count("{"), default=None)
        if template is None or method.lower() not in CONTRACT["paths"][template]:
            assert answer.status in (401, 404, 405)
            return None if answer.header("content-type").startswith("text/plain") else json.loads(answer.body)
        said = CONTRACT["paths"][template][method.lower()]["responses"][str(answer.status)]
        said = CONTRACT["components"]["responses"][said["$ref"].rsplit("/", 1)[1]] if "$ref" in said else said
        if answer.status == 204:
            assert answer.body == b""
            return None
        kind = answer.header("content-type").partition(";")[0]
        assert kind in said["content"], (answer.status, kind)
        if kind == "text/plain":
            return None
        document = json.loads(answer.body)
        schema = {**said["content"][kind]["schema"], "components": CONTRACT["components"]}
        Draft202012Validator(schema).validate(document)
        return document


def fits(template, path):
    one, other = template.split("/"), path.split("/")
    return len(one) == len(other) and all(
        a == b or a.startswith("{") for a, b in zip(one, other, strict=True)
    )
