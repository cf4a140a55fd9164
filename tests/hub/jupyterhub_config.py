"""The hub of the tests: what the page "On a JupyterHub" sets, on this machine alone.

``COURSE_TEST_HUB`` holds what a run chooses, see ``server.py``.
"""

import json
import os

chosen = json.loads(os.environ["COURSE_TEST_HUB"])
c = get_config()  # noqa: F821 (JupyterHub provides it)
exec(chosen["page"])

c.JupyterHub.bind_url = chosen["address"]
c.JupyterHub.hub_port = chosen["hub_port"]
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret_file = f"{chosen['folder']}/cookie_secret"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{chosen['proxy_port']}"
c.ConfigurableHTTPProxy.command = [chosen["proxy"]]
c.ConfigurableHTTPProxy.pid_file = f"{chosen['folder']}/proxy.pid"

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = chosen["password"]
c.Authenticator.allowed_users = set(chosen["students"])

c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.environment = {**c.Spawner.environment, "GIT_CONFIG_SYSTEM": chosen["gitconfig"]}
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 600

# The operator, whom the idle culler stands for.
c.JupyterHub.services = [{"name": "operator", "api_token": chosen["token"]}]
c.JupyterHub.load_roles = [
    {"name": "operator", "services": ["operator"], "scopes": ["admin:users", "admin:servers", "tokens"]}
]
