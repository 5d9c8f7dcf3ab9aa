"""Creates a certificate for 127.0.0.1 that is valid for a day: ca.pem, server.pem and server.key in FOLDER.

    python certificate.py FOLDER
"""
import datetime
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

FOLDER = pathlib.Path(sys.argv[1])
NOW = datetime.datetime.now(datetime.timezone.utc)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, *extensions):
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(hours=1))
        .not_valid_after(NOW + datetime.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def write(file, *parts):
    (FOLDER / file).write_bytes(b"".join(part.public_bytes(serialization.Encoding.PEM) for part in parts))


# The keys have the same type as the keys of AWS's certificates.
ca_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
ca = certificate("Test CA", ca_key, "Test CA", ca_key, x509.BasicConstraints(ca=True, path_length=None))
names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
leaf = certificate(
    "127.0.0.1", key, "Test CA", ca_key,
    x509.BasicConstraints(ca=False, path_length=None), x509.SubjectAlternativeName(names),
)
write("ca.pem", ca)
write("server.pem", leaf)
(FOLDER / "server.key").write_bytes(
    key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
)
