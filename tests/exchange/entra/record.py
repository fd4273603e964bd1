# SPDX-License-Identifier: ISC
"""What came to an endpoint: each request, and which secrets it brought."""

from ..record import DEADLINE, Record


class Requests(Record):
    """A Record whose connections bring requests instead of messages."""

    def __init__(self, listener=None):
        super().__init__(listener)
        self.requests = []  # of http.Request, in the order they came

    def add_request(self, connection, request):
        with self.changed:
            self.requests.append(request)
        self.note(connection, "request", "%s %s %s" % (
            request.method, request.path, request.grant or "-"))

    def with_grant(self, grant):
        with self.changed:
            return [r for r in self.requests if r.grant == grant]

    @property
    def secrets_in_urls(self):
        """Requests with a secret in the address, where logs would keep it."""
        with self.changed:
            return [r for r in self.requests if r.secrets_in_url]

    @property
    def credentials(self):
        """(parameter, value) of each secret that came, in the order."""
        with self.changed:
            return [pair for r in self.requests
                    for pair in r.credentials.items()]

    def wait_requests(self, n, deadline=DEADLINE):
        """Waits until n requests came, and returns them all."""
        return self.wait(lambda: list(self.requests)
                         if len(self.requests) >= n else None,
                         "%d requests" % n, deadline)

    def forget(self):
        super().forget()
        with self.changed:
            self.requests = []
