#!/usr/bin/env python3
"""A stand-in for Cloud Storage in the lab: one folder by HTTPS, for whoever shows a token of the lab.

bucket.py <address> <folder> <certificate> <key>"""
import http.server
import ssl
import sys
from functools import partial

address, folder, certificate, key = sys.argv[1:]


class Bucket(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if not self.headers.get("Authorization", "").startswith("Bearer ya29.lab-"):
            return self.send_error(401)
        return super().do_GET()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer((address, 443), partial(Bucket, directory=folder))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
