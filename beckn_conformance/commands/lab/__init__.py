"""``beckn-conformance lab``: a web page and an HTTP API on which vendors test their gateways themselves."""
