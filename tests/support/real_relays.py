"""Debian's Postfix, Exim and OpenSMTPD, set to take mail.

All that they take they deliver to files; no mail leaves them. Each has a door in the clear, and
doors with TLS where USER may sign in: PLAIN by STARTTLS; LOGIN too, or alone, where TLS is there
from the start.
"""

from __future__ import annotations

import os

from tests.support.relay_roots import DOORS, GROUPS, USERS, Relay

DOMAIN = "box.example"
BOXES = 60
LIMIT = 200_000
USER, PASSWORD = "desk", "k7!gate/@#?"

# What the root folder asks for, however it is set.
_POSTFIX_HERE = """
compatibility_level = 3.6
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
maillog_file = /var/log/postfix.log
import_environment = LD_LIBRARY_PATH=/usr/lib/postfix
export_environment = LD_LIBRARY_PATH=/usr/lib/postfix
"""
# Processes of a service, as Debian has it; 0: no limit.
_POSTFIX_AT_ONCE = {
    **dict.fromkeys(("cleanup", "bounce", "defer", "trace"), "0"),
    **dict.fromkeys(("qmgr", "verify", "anvil", "tlsmgr", "scache"), "1"),
}


class Postfix(Relay):
    name = "postfix"
    command = ("/usr/lib/postfix/sbin/master", "-c", "/etc/postfix", "-d")
    queue = [f"var/spool/postfix/{part}" for part in ("incoming", "active", "deferred")]

    def configure(self) -> None:
        self.write("etc/postfix/main.cf", _POSTFIX_HERE + self.settings())
        self._serve()
        self._may_sign_in()
        self._make_spool()

    def settings(self) -> str:
        boxes = "".join(f"p{n}@{DOMAIN} p{n}/\n" for n in range(BOXES))
        self.write("etc/postfix/boxes", boxes)
        return f"""
myhostname = relay.example
mydestination =
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
message_size_limit = {LIMIT}
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = texthash:/etc/postfix/boxes
virtual_mailbox_base = /mail
virtual_uid_maps = static:{USERS["keeper"]}
virtual_gid_maps = static:{USERS["keeper"]}
default_transport = error:no mail leaves this relay
smtpd_relay_restrictions = reject_unauth_destination
cyrus_sasl_config_path = /etc/postfix/sasl
"""

    def _serve(self) -> None:
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd"]
        services += [self._encrypted(door) for door in DOORS[1:]]
        for name, program, private, unprivileged in [
            ("cleanup", "cleanup", "n", "-"), ("qmgr", "qmgr", "n", "-"),
            ("rewrite", "trivial-rewrite", "-", "-"), ("bounce", "bounce", "-", "-"),
            ("defer", "bounce", "-", "-"), ("trace", "bounce", "-", "-"),
            ("verify", "verify", "-", "-"), ("proxymap", "proxymap", "-", "-"),
            ("error", "error", "-", "-"), ("retry", "error", "-", "-"),
            ("anvil", "anvil", "-", "-"), ("virtual", "virtual", "-", "n"),
            ("tlsmgr", "tlsmgr", "-", "-"),
            ("smtp", "smtp", "-", "-"), ("lmtp", "lmtp", "-", "-"),
            ("scache", "scache", "-", "-"),
        ]:  # fmt: skip
            most = _POSTFIX_AT_ONCE.get(name, "-")
            services.append(f"{name} unix {private} {unprivileged} n - {most} {program}")
        services.append("postlog unix-dgram n - n - 1 postlogd")
        self.write("etc/postfix/master.cf", "\n".join(services) + "\n")

    def _make_spool(self) -> None:
        spool = "var/spool/postfix"
        self.folder(spool)
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
                     "incoming", "private", "saved", "trace"):  # fmt: skip
            self.folder(f"{spool}/{name}", "postfix", "root", 0o700)
        self.folder(f"{spool}/maildrop", "postfix", "postdrop", 0o730)
        self.folder(f"{spool}/public", "postfix", "postdrop", 0o710)
        self.folder(f"{spool}/pid")
        self.folder("var/lib/postfix", "postfix", "postfix", 0o700)
        self.folder("var/log")

    def _encrypted(self, door: str) -> str:
        """It asks Cyrus SASL, which reads passwords from a file: no further daemon is needed."""
        from_start = door.startswith("smtps")
        options = {
            "smtpd_tls_security_level": "encrypt",
            "smtpd_tls_wrappermode": "yes" if from_start else "no",
            "smtpd_tls_chain_files": f"/etc/tls/{'other' if 'other' in door else 'relay'}.pem",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_mechanism_filter": "login" if from_start else "plain",
        }
        head = f"127.0.0.1:{self.ports[door]} inet n - n - - smtpd"
        return "\n".join([head, *(f"  -o {name}={value}" for name, value in options.items())])

    def _may_sign_in(self) -> None:
        self.write(
            "etc/postfix/sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
        )
        self.inside("/usr/sbin/saslpasswd2", "-p", "-c", "-u", "relay.example", USER, told=PASSWORD)
        os.chown(self.root / "etc/sasldb2", USERS["root"], GROUPS["postfix"])
        (self.root / "etc/sasldb2").chmod(0o640)


class Exim(Relay):
    name = "exim"
    command = ("/usr/sbin/exim4", "-bdf", "-q1h")
    queue = ("var/spool/exim4/input",)
    runs_as = "Debian-exim"

    def configure(self) -> None:
        ports = self.ports
        doors = " : ".join(f"127.0.0.1.{port}" for port in ports.values())
        self.command = (*self.command, "-oX", doors, "-oP", "/tmp/exim.pid")
        from_start = f"{ports['smtps']} : {ports['smtps as other']}"
        as_other = f"{ports['smtp+tls as other']} : {ports['smtps as other']}"
        password = "${{lookup{{{}}}lsearch{{/etc/passwords}}{{$value}}fail}}"
        self.write(
            "var/lib/exim4/config.autogenerated",
            f"""
primary_hostname = relay.example
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
domainlist boxes = {DOMAIN}
acl_smtp_rcpt = check_rcpt
message_size_limit = {LIMIT}
host_lookup =
rfc1413_hosts =
never_users = root
smtp_accept_queue_per_connection = 0
keep_environment =
tls_advertise_hosts = ${{if eq{{$received_port}}{{{self.port}}}{{}}{{*}}}}
tls_on_connect_ports = {from_start}
tls_certificate = /etc/tls/${{if inlist{{$received_port}}{{{as_other}}}{{other}}{{relay}}}}.pem
auth_advertise_hosts = ${{if def:tls_in_cipher{{*}}{{}}}}
begin acl
check_rcpt:
  accept domains = +boxes
         verify = recipient
  deny   domains = +boxes
         message = Unknown user
  deny   message = relay not permitted
begin routers
boxes:
  driver = accept
  domains = +boxes
  condition = ${{if match{{$local_part}}{{\\N^p[0-9]+$\\N}}}}
  transport = box
begin transports
box:
  driver = appendfile
  maildir_format
  directory = /mail/${{lookup{{$local_part}}lsearch{{/etc/boxes}}}}
  user = keeper
  group = keeper
  create_directory
begin retry
begin rewrite
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${{if !inlist{{$received_port}}{{{from_start}}}}}
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{password.format("$auth2")}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_advertise_condition = ${{if inlist{{$received_port}}{{{from_start}}}}}
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{$auth2}}{{{password.format("$auth1")}}}}}
  server_set_id = $auth1
""",
        )
        self.write("etc/passwords", f"{USER}: {PASSWORD}\n", 0o600, self.runs_as)
        self.write("etc/boxes", "".join(f"p{n}: p{n}\n" for n in range(BOXES)))
        for folder in ("var/spool/exim4", "var/log/exim4"):
            self.folder(folder, "Debian-exim", "Debian-exim", 0o750)


class OpenSmtpd(Relay):
    name = "opensmtpd"
    command = ("/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf")
    queue = ("var/spool/smtpd/queue", "var/spool/smtpd/incoming")
    offers_pipelining = False
    denies_by_name = False

    def configure(self) -> None:
        encrypted = "\n".join(
            f"listen on 127.0.0.1 port {self.ports[door]} hostname relay.example"
            f" {'smtps' if door.startswith('smtps') else 'tls-require'}"
            f" pki {'other' if 'other' in door else 'relay'}.example auth-optional <passwords>"
            for door in DOORS[1:]
        )
        self.write(
            "etc/smtpd.conf",
            f"""
smtp max-message-size {LIMIT}
table boxes file:/etc/boxes
table passwords file:/etc/passwords
pki relay.example cert "/etc/tls/relay.crt"
pki relay.example key "/etc/tls/relay.key"
pki other.example cert "/etc/tls/other.crt"
pki other.example key "/etc/tls/other.key"
listen on 127.0.0.1 port {self.port} hostname relay.example
{encrypted}
action keep maildir "/mail/%{{dest.user}}" virtual <boxes>
match from local for domain {DOMAIN} action keep
match from local for any reject
""",
        )
        self.write("etc/boxes", "".join(f"p{n}@{DOMAIN} keeper\n" for n in range(BOXES)))
        hashed = self.inside("/usr/libexec/opensmtpd/encrypt", told=f"{PASSWORD}\n")
        self.write("etc/passwords", f"{USER} {hashed}\n", 0o640, "opensmtpd")
        spool = "var/spool/smtpd"
        self.folder(spool, mode=0o711)
        self.folder("var/lib/opensmtpd/empty", mode=0o711)
        self.folder("var/empty", mode=0o711)
        for queue in ("purge", "queue", "incoming", "corrupt"):
            self.folder(f"{spool}/{queue}", "opensmtpq", "root", 0o700)
        self.folder(f"{spool}/offline", "root", "opensmtpq", 0o770)
        self.folder("run")
        self.folder("var/run")
        # It does not start without certificates to trust, though it sends nothing on.
        self.write("etc/ssl/certs/ca-certificates.crt", self.authority.path.read_text())


KINDS: dict[str, type[Relay]] = {kind.name: kind for kind in (Postfix, Exim, OpenSmtpd)}
