"""Real proxies before a gateway: nginx, and Apache with ModSecurity and the OWASP core rules, where there are any."""

import contextlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.kit import LONGEST, until

APACHE_MODULES = Path("/usr/lib/apache2/modules")
CORE_RULES = Path("/usr/share/modsecurity-crs/rules")
CORE_SETUP = Path("/etc/modsecurity/crs/crs-setup.conf")

NGINX = """
{user}
daemon off;
error_log error.log;
pid nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass {upstream}; }}
  }}
}}
"""

APACHE = """
ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/apache.pid"
ErrorLog "{folder}/error.log"
Mutex default:{folder}
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule unique_id_module {modules}/mod_unique_id.so
LoadModule security2_module {modules}/mod_security2.so
ProxyPass / {upstream}/
SecRuleEngine On
SecRequestBodyAccess On
SecRule REQUEST_HEADERS:Content-Type "^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,\\
  ctl:requestBodyProcessor=JSON"
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 1310720
SecRequestBodyJsonDepthLimit 512
SecRule REQBODY_ERROR "!@eq 0" "id:200002,phase:2,t:none,deny,status:400"
SecAuditEngine Off
SecTmpDir "{folder}"
SecDataDir "{folder}"
Include {setup}
Include {rules}/*.conf
"""


def nginx(folder, upstream):
    """nginx as Debian has it, with nothing but ``proxy_pass``; skips the test where it is not installed."""
    program = _installed("nginx")
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (folder / name).mkdir()
    port = _free_port()
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(port=port, upstream=upstream, user=user))
    return _running([program, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"], folder, port)


def apache_with_modsecurity(folder, upstream):
    """Apache that blocks what the core rules find; skips the test where any of it is not installed."""
    program = _installed("apache2")
    for needed in (APACHE_MODULES / "mod_security2.so", CORE_RULES, CORE_SETUP):
        if not needed.exists():
            pytest.skip(f"{needed} is not there: libapache2-mod-security2 and modsecurity-crs are not installed")
    port = _free_port()
    user = ""
    if os.getuid() == 0:
        # Apache serves nothing as root.
        user = "User www-data\nGroup www-data"
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == 0 and parent not in (Path("/"), Path("/tmp")):
                parent.chmod(parent.stat().st_mode | 0o011)
        folder.chmod(0o777)
    (folder / "apache.conf").write_text(
        APACHE.format(
            folder=folder,
            port=port,
            upstream=upstream,
            user=user,
            modules=APACHE_MODULES,
            setup=CORE_SETUP,
            rules=CORE_RULES,
        )
    )
    return _running([program, "-d", str(folder), "-f", str(folder / "apache.conf"), "-DFOREGROUND"], folder, port)


def _installed(name):
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def _running(command, folder, port):
    """The base URL of a proxy while it runs."""
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    try:
        until(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, (folder / "output").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(LONGEST)


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
