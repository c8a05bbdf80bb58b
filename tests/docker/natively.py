"""Runs the services of a compose file without Docker.

Each has a network, a root and a host name of its own, and starts with the command, environment, secrets, volumes, memory limit
and user that the files name. Its root is what a built image holds. Where nobody has built it, it is the machine's: its programs
stand for what the image would hold, with the checkout at /opt/fanout and its environment at /opt/venv. Neither can be
changed. Only the user root can do this.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import psutil
import yaml

from contract.settings import CHECKOUT

# What is done with each key of a service. One that is not named here is refused.
DONE = {
    "cap_drop", "command", "depends_on", "environment", "healthcheck", "mem_limit", "profiles", "secrets", "security_opt",
    "volumes",
}  # fmt: skip
NOT_DONE = {
    "build": "tests/docker/images.py builds it",
    "image": "that too; PostgreSQL is Debian's",
    "ports": "what is published is reached by the service's own address",
    "restart": "a service that ends is a failure here",
}
STOP_WITHIN_SECONDS = 10
_VARIABLE = re.compile(r"\$(?:\$|\{([A-Z][A-Z0-9_]*)(?:(:?[-?])([^}]*))?\})")


class ComposeError(AssertionError):
    """The file is wrong, or a service did not become what others wait for; the message has the end of its log."""


def interpolate(value: Any, environ: Mapping[str, str]) -> Any:
    """A value of the file with its variables filled in, by the rules of Compose."""
    if isinstance(value, dict):
        return {key: interpolate(each, environ) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolate(each, environ) for each in value]
    if not isinstance(value, str):
        return value

    def filled(match: re.Match[str]) -> str:
        name, rule, text = match.groups()
        if name is None:
            return "$"
        given = environ.get(name)
        is_there = given is not None and (given != "" or not (rule or "").startswith(":"))
        if is_there:
            return str(given)
        if rule and rule.endswith("?"):
            raise ComposeError(f"{name}: {text}")
        return text or ""

    if "$" in _VARIABLE.sub("", value):
        raise ComposeError(f"a variable that Compose would not take: {value}")
    return _VARIABLE.sub(filled, value)


def read_env(file: Path) -> dict[str, str]:
    """The variables of a file such as docker/.env; none if it is not there."""
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Image:
    """What an image starts a command with, and where its files are."""

    user: str
    uid: int
    folder: str
    environ: dict[str, str]
    entry: tuple[str, ...] = ()
    root: Path = Path("/")

    @classmethod
    def of(cls, dockerfile: Path) -> Image:
        text = dockerfile.read_text().replace("\\\n", " ")
        user = re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1]
        number = re.findall(rf"useradd .*--uid (\d+) {user}", text)[-1]
        environ: dict[str, str] = {}
        for line in re.findall(r"^ENV (.+)$", text, re.MULTILINE):
            pairs = dict(pair.split("=", 1) for pair in shlex.split(line))
            environ |= {name: value.replace("$PATH", os.defpath) for name, value in pairs.items()}
        entry = json.loads(re.findall(r"^ENTRYPOINT (.+)$", text, re.MULTILINE)[-1])
        return cls(user, int(number), re.findall(r"^WORKDIR (\S+)", text, re.MULTILINE)[-1], environ, tuple(entry))


def seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)(s|m)", text)
    assert found, text
    return int(found[1]) * {"s": 1, "m": 60}[found[2]]


def size(text: str) -> int:
    """Bytes of a limit such as 512m."""
    return int(text[:-1]) << {"k": 10, "m": 20, "g": 30}[text[-1]]


# What the entry point of PostgreSQL's image does: tables of its own at the first start, a password for all who come by network.
_POSTGRES = """
cd "$PGDATA"
if [ ! -s PG_VERSION ]; then
  initdb --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --no-sync --encoding UTF8 --locale C.UTF-8 >/dev/null
  echo "host all all all scram-sha-256" >> pg_hba.conf
  pg_ctl --wait --silent --options "-c listen_addresses=''" start
  createdb --username "$POSTGRES_USER" "$POSTGRES_DB" || [ "$POSTGRES_USER" = "$POSTGRES_DB" ]
  pg_ctl --wait --silent stop
fi
exec postgres -c listen_addresses='*'
"""
# Makes the root of a service and becomes its process. Files are changed in memory only.
_ENTER = """
set -eu
hostname "$NAME"
mount --make-rprivate /
mount --types tmpfs --options mode=755 tmpfs "$PLACE"
mkdir "$PLACE/upper" "$PLACE/work" "$PLACE/root"
mount --types overlay --options "lowerdir=$LOWER,upperdir=$PLACE/upper,workdir=$PLACE/work" overlay "$PLACE/root"
bound() { # source, target, options
  if [ -d "$1" ]; then mkdir --parents ".$2"; else mkdir --parents "$(dirname ".$2")"; : > ".$2"; fi
  mount --bind --options "$3" "$1" ".$2"
}
cd "$PLACE/root"
for folder in proc sys dev; do mount --rbind "/$folder" "$folder"; done
mount --types tmpfs --options mode=1777 tmpfs tmp
mount --types tmpfs --options mode=755 tmpfs run
cp "$HOSTS" etc/hosts
grep -q "^$USER_NAME:" etc/passwd || echo "$USER_NAME:x:$USER_ID:$USER_ID::/home/$USER_NAME:/bin/bash" >> etc/passwd
install --directory --owner "$USER_ID" "home/$USER_NAME" run/postgresql
eval "$BINDS"
for folder in $OPENED; do chmod o+x ".$folder"; done
exec chroot . "$@"
"""
_LIMITED = '[ -z "$CGROUP" ] || echo $$ > "$CGROUP/cgroup.procs"; exec "$@"'


@dataclass
class Deployment:
    """The services of a compose file, of which some run."""

    file: Path
    folder: Path  # volumes, logs, roots
    built: Mapping[str, Path] = field(default_factory=dict)  # name of an image → the folder of what it holds
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    tag: str = field(default_factory=lambda: secrets.token_hex(3))
    net: str = field(default_factory=lambda: f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}")

    @cached_property
    def compose(self) -> dict[str, Any]:
        environ = read_env(self.file.with_name(".env"))
        found: dict[str, Any] = interpolate(yaml.safe_load(self.file.read_text()), environ)
        for name, service in found["services"].items():
            if unknown := service.keys() - DONE - NOT_DONE.keys():
                raise ComposeError(f"nobody here knows what to do with {', '.join(unknown)} of {name}")
        return found

    @cached_property
    def names(self) -> list[str]:
        """The services, which have names before there is a docker/.env to read the rest with."""
        return [*yaml.safe_load(self.file.read_text())["services"]]

    @property
    def services(self) -> dict[str, Any]:
        services: dict[str, Any] = self.compose["services"]
        return services

    def __enter__(self) -> Deployment:
        self.folder.mkdir(parents=True, exist_ok=True)
        _run("ip", "link", "add", self._bridge, "type", "bridge")
        _run("ip", "address", "add", f"{self.net}.1/24", "dev", self._bridge)
        _run("ip", "link", "set", self._bridge, "up")
        for name in self.names:
            self._network(name)
        hosts = ["127.0.0.1 localhost", *(f"{self.address(name)} {name}" for name in self.names)]
        (self.folder / "hosts").write_text("\n".join(hosts) + "\n")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*[*self.processes])
        for name in self.names:
            _run("ip", "netns", "delete", self._namespace(name))
        _run("ip", "link", "delete", self._bridge)
        for group in self._cgroups():
            with suppress(OSError):
                group.rmdir()

    def down(self) -> None:
        """Stop everything, and remove the named volumes."""
        self.stop(*[*self.processes])
        shutil.rmtree(self.folder / "volumes")

    def address(self, name: str) -> str:
        return f"{self.net}.{10 + self.names.index(name)}"

    def log(self, name: str) -> str:
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def volume(self, name: str) -> Path:
        """The folder of a named volume."""
        return self.folder / "volumes" / name

    def up(self, *names: str) -> None:
        """Start services, all without a profile by default, each once what it waits for is so; then wait until all are healthy.

        Raises:
            ComposeError: a service has ended, or is unhealthy.
        """
        asked = names or tuple(name for name, service in self.services.items() if "profiles" not in service)
        waiting = [name for name in self._with_dependencies(asked) if not self._is_up(name)]
        since = time.monotonic()
        while waiting or not all(self.is_so(name, self._end(name), since) for name in asked):
            for name in [*waiting]:
                needed = self.services[name].get("depends_on", {}).items()
                if all(self.is_so(other, rule["condition"], since) for other, rule in needed):
                    self.start(name)
                    waiting.remove(name)
            time.sleep(0.3)

    def _with_dependencies(self, names: Iterable[str]) -> list[str]:
        found: list[str] = []
        for name in names:
            found += self._with_dependencies(self.services[name].get("depends_on", {}))
            found.append(name)
        return [*dict.fromkeys(found)]

    def _is_up(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def _end(self, name: str) -> str:
        """The condition under which a service is as it should be."""
        service = self.services[name]
        if service["restart"] == "no":
            return "service_completed_successfully"
        return "service_healthy" if "healthcheck" in service else "service_started"

    def is_so(self, name: str, condition: str, since: float) -> bool:
        """Whether a condition of `depends_on` holds; `since` is when somebody began to wait for it."""
        process = self.processes.get(name)
        if process is None:
            return False
        status = process.poll()
        if condition == "service_completed_successfully" and status in (None, 0):
            return status == 0
        if status is not None:
            raise ComposeError(f"{name} ended with {status}:\n{self.log(name)[-4000:]}")
        if condition == "service_started":
            return True
        assert condition == "service_healthy", condition
        if os.readlink(f"/proc/{process.pid}/root") == "/":  # it is not in its root yet
            return False
        check = self.services[name]["healthcheck"]
        kind, *command = check["test"]
        assert kind == "CMD", check
        try:
            said = self.run(name, *command, timeout=seconds(check.get("timeout", "30s")))
        except subprocess.TimeoutExpired:
            return False
        # Asked more often than the file says, and for as long, once what this service itself waits for is there.
        patience = seconds(check.get("start_period", "0s")) + seconds(check["interval"]) * check.get("retries", 3)
        began = max(since, psutil.Process(process.pid).create_time() - time.time() + time.monotonic())
        if said.returncode != 0 and time.monotonic() - began > patience:
            raise ComposeError(f"{name} is not healthy:\n{said.stderr.decode(errors='replace')}{self.log(name)[-4000:]}")
        return said.returncode == 0

    def start(self, name: str) -> None:
        service = self.services[name]
        place = self.folder / "roots" / name
        place.mkdir(parents=True, exist_ok=True)
        image = self._image(service)
        command = service.get("command") or ["bash", "-euc", _POSTGRES]
        binds, opened = self._binds(service, image)
        given = {
            "NAME": name,
            "PLACE": str(place),
            "HOSTS": str(self.folder / "hosts"),
            "LOWER": str(image.root),
            "USER_NAME": image.user,
            "USER_ID": str(image.uid),
            "BINDS": "\n".join(shlex.join(["bound", *bind]) for bind in binds),
            "OPENED": " ".join(map(str, opened)),
            "CGROUP": self._cgroup(name, size(service["mem_limit"])),
        }
        enter = ["bash", "-c", _LIMITED, "-", "ip", "netns", "exec", self._namespace(name)]
        enter += ["unshare", "--mount", "--uts", "--ipc", "bash", "-c", _ENTER, "-"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*enter, *self._as_user(service), *image.entry, *map(str, command)],
                env={"PATH": os.environ["PATH"]} | given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(
        self, name: str, *command: str, timeout: float = 300, stdin: IO[bytes] | int = subprocess.DEVNULL
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command in a service that is running, as `docker compose exec` does."""
        enter = ["nsenter", "--target", str(self.processes[name].pid), "--mount", "--uts", "--net", "--ipc", "--root", "--wd"]
        whole = [*enter, *self._as_user(self.services[name]), *command]
        return subprocess.run(whole, stdin=stdin, capture_output=True, timeout=timeout)

    def stop(self, *names: str) -> None:
        """Ask the process of each service to end, and kill what is left of it."""
        running = [name for name in names if name in self.processes]
        for name in running:
            if self.processes[name].poll() is None:
                self.processes[name].terminate()
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for name in running:
            with suppress(subprocess.TimeoutExpired):
                self.processes[name].wait(timeout=max(0.0, deadline - time.monotonic()))
        for name in running:
            for process in self.members(name):
                with suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL)
            self.processes.pop(name).wait()

    def members(self, name: str) -> list[psutil.Process]:
        """All processes of a service."""
        found = []
        for number in _run("ip", "netns", "pids", self._namespace(name)).split():
            with suppress(psutil.Error):
                found.append(psutil.Process(int(number)))
        return found

    def _image(self, service: Mapping[str, Any]) -> Image:
        if "postgres" in service["image"]:
            programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
            environ = {"PATH": f"{programs}:{os.defpath}", "PGDATA": "/var/lib/postgresql/data"}
            return Image("postgres", int(_run("id", "--user", "postgres")), "/", environ)
        image = Image.of(self.file.parent / service.get("build", "") / "Dockerfile")
        if root := self.built.get(service["image"]):
            return replace(image, root=root)
        assert "build" not in service, "what is in it is not on the machine"
        return replace(image, entry=())

    def _as_user(self, service: Mapping[str, Any]) -> list[str]:
        """A command before a command, which gives it the user, the rights, the folder and the environment of the service."""
        image = self._image(service)
        environ = image.environ | {name: str(value) for name, value in service.get("environment", {}).items()}
        # Nothing outlives the tests, whatever ends them.
        rights = ["setpriv", "--reuid", str(image.uid), "--regid", str(image.uid), "--clear-groups", "--pdeathsig", "KILL"]
        if service.get("cap_drop") == ["ALL"]:
            rights += ["--bounding-set", "-all", "--inh-caps", "-all"]
        if "no-new-privileges:true" in service.get("security_opt", ()):
            rights += ["--no-new-privs"]
        return [
            *rights,
            "env",
            "--ignore-environment",
            f"--chdir={image.folder}",
            *(f"{name}={value}" for name, value in environ.items()),
        ]

    def _binds(self, service: Mapping[str, Any], image: Image) -> tuple[list[tuple[str, str, str]], list[Path]]:
        """What is seen where in a service, read-only or not; and the folders above it that its user must come through."""
        of_machine = [] if image.root != Path("/") else [Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()]
        binds = [(str(path), str(path), "ro") for path in of_machine]
        if of_machine:
            binds += [(str(of_machine[0]), "/opt/venv", "ro"), (str(CHECKOUT), "/opt/fanout", "ro")]
        for volume in service.get("volumes", ()):
            source, target, *options = volume.split(":")
            folder = Path(source) if source.startswith("/") else self.volume(source)
            assert source.startswith("/") or source in self.compose["volumes"], source
            if not folder.exists():
                folder.mkdir(parents=True)
                os.chown(folder, image.uid, image.uid)
            binds.append((str(folder), target, *(options or ["rw"])))
        for name in service.get("secrets", ()):
            file = (self.file.parent / self.compose["secrets"][name]["file"]).resolve(strict=True)
            binds.append((str(file), f"/run/secrets/{name}", "ro"))
        above = {parent for path in of_machine for parent in path.parents}
        return binds, sorted(above)

    @property
    def _bridge(self) -> str:
        return f"fanout-{self.tag}"

    def _namespace(self, name: str) -> str:
        return f"fanout-{self.tag}-{name}"

    def _network(self, name: str) -> None:
        """A network of the service's own, with one cable to the bridge."""
        namespace = self._namespace(name)
        outside = f"f{self.tag}{self.names.index(name)}"
        _run("ip", "netns", "add", namespace)
        _run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _run("ip", "link", "set", outside, "master", self._bridge, "up")
        for arguments in (
            ("address", "add", f"{self.address(name)}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _run("ip", "-netns", namespace, *arguments)

    def _cgroup(self, name: str, limit: int) -> str:
        """A group of processes with this much memory; empty where the machine has none to give."""
        for top, file in ((Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"), (Path("/sys/fs/cgroup"), "memory.max")):
            group = top / f"{self._bridge}-{name}"
            with suppress(OSError):
                group.mkdir(exist_ok=True)
                (group / file).write_text(str(limit))
                return str(group)
        return ""

    def _cgroups(self) -> Iterator[Path]:
        yield from Path("/sys/fs/cgroup").glob(f"{self._bridge}-*")
        yield from Path("/sys/fs/cgroup/memory").glob(f"{self._bridge}-*")


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def play(page: str, deployment: Deployment, places: Mapping[str, str]) -> None:
    """Run the commands of a page's block: those of Compose by the deployment, others by bash, from the folder above the file.

    Args:
        places: what stands for a folder or an address that the page names.

    Raises:
        ComposeError: a command fails, or is one of Compose that nothing here does.
    """
    for old, new in places.items():
        page = page.replace(old, new)
    lines = re.sub(r"\s+#.*", "", page.replace("\\\n", " ")).replace("sudo ", "").splitlines()
    for is_compose, some in groupby(lines, lambda line: line.startswith("docker compose ")):
        if not is_compose:
            _by_bash("\n".join(some), deployment.file.parent.parent)
            continue
        for line in some:
            _by_deployment(line, deployment)


def _by_bash(script: str, folder: Path) -> None:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise ComposeError(f"{script}\nends with {done.returncode}:\n{done.stdout}{done.stderr}")


def _by_deployment(line: str, deployment: Deployment) -> None:
    words = shlex.split(line)
    assert words[:4] == ["docker", "compose", "--file", "docker/compose.yml"], line
    match words[4:]:
        case ["up", "--detach", "--wait", *names]:
            deployment.up(*names)
        case ["start", *names]:
            for name in names:
                deployment.start(name)
        case ["stop", *names]:
            deployment.stop(*names)
        case ["down", "--volumes"]:
            deployment.down()
        case ["exec", "--no-TTY", name, *command, ">", file]:
            done = deployment.run(name, *command)
            _succeeded(line, done)
            Path(file).write_bytes(done.stdout)
        case ["exec", "--no-TTY", name, *command, "<", file]:
            with Path(file).open("rb") as stdin:
                _succeeded(line, deployment.run(name, *command, stdin=stdin))
        case _:
            raise ComposeError(f"nothing here does: {line}")


def _succeeded(line: str, done: subprocess.CompletedProcess[bytes]) -> None:
    if done.returncode != 0:
        raise ComposeError(f"{line}\nends with {done.returncode}:\n{done.stderr.decode(errors='replace')}")
