"""The figures of `dashboard` by Superset's own API of chart data, one virtual data set for each statement.

Reads `{"database", "schema", "statements", "repeats"}` from its input and writes `{"times", "figures"}`. Superset runs in this process, so
no network stands between; what its data sets ask is the whole statement, so that nothing is left to it but to pass it on.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

API = "/api/v1"
ADMIN = {"username": "admin", "password": "of a benchmark"}


def main() -> None:
    asked = json.load(sys.stdin)
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        charts = _prepared(app, asked)
    # Outside of that context, which would lend one request's user to the next.
    browser = app.test_client()
    said = browser.post(f"{API}/security/login", json={**ADMIN, "provider": "db"})
    signed = {"Authorization": f"Bearer {said.json['access_token']}"}
    found, times = {}, []
    for _ in range(asked["repeats"] + 2):
        began = time.perf_counter()
        answers = {name: browser.post(f"{API}/chart/data", json=chart, headers=signed) for name, chart in charts.items()}
        times.append([time.perf_counter() - began, 0.0])
        found = {name: _rows(answer) for name, answer in answers.items()}
    print(json.dumps({"times": times[2:], "figures": found}))


def _prepared(app: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """A user, the database and its data sets; a request for each."""
    from flask_appbuilder import Model
    from superset import appbuilder, db, security_manager
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database

    Model.metadata.create_all(db.engine)
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    role = security_manager.find_role("Admin")
    for access in ("all_datasource_access", "all_database_access"):
        security_manager.add_permission_role(role, security_manager.add_permission_view_menu(access, access))
    security_manager.add_user(ADMIN["username"], "A", "B", "a@b.example", role, ADMIN["password"])
    source = Database(database_name="benchmark")
    source.set_sqlalchemy_uri(asked["database"])
    db.session.add(source)
    db.session.commit()
    charts = {}
    for name, (statement, width) in asked["statements"].items():
        columns = [f"c{number}" for number in range(width)]
        table = SqlaTable(table_name=name, sql=f"SELECT * FROM ({statement}) AS said ({', '.join(columns)})", database=source)
        db.session.add(table)
        db.session.commit()
        table.fetch_metadata()
        db.session.commit()
        charts[name] = {
            "datasource": {"id": table.id, "type": "table"},
            "force": True,
            "queries": [{"columns": columns, "metrics": [], "orderby": [], "row_limit": 0}],
            "result_format": "json",
            "result_type": "full",
        }
    return charts


def _rows(answer: Any) -> list[list[Any]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    [result] = answer.json["result"]
    return sorted([_plain(row[name], name) for name in result["colnames"]] for row in result["data"])


def _plain(cell: Any, name: str) -> Any:
    """Superset tells days in milliseconds since 1970; the first column alone may be one."""
    if name == "c0" and isinstance(cell, (int, float)) and cell > 1e11:
        return time.strftime("%Y-%m-%d", time.gmtime(cell / 1000))
    return int(cell or 0) if not isinstance(cell, str) else cell[:10] if name == "c0" else int(float(cell))


if __name__ == "__main__":
    main()
