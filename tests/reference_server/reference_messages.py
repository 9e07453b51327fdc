"""What the tests of the reference gateway send: valid values, and faulty ones by their place."""

import copy

SIGNUP = "Provider/signup"
GET = "Provider/get"
UPDATE = "Provider/info/update"
ADD = "Provider/documents/add"
NOW = "2026-05-04T10:20:30"

INFO = {
    "name": "Delhi Metro Rail Corporation",
    "phone": "+91-8023329991",
    "email": "info@example.com",
    "company_id": "U72900KA2019PTC123456",
}
NEW_INFO = {
    "name": "दिल्ली मेट्रो é",
    "phone": "+91-8023329992-17",
    "email": "office+bg@example.org",
    "company_id": "L72900KA2019PTC654321",
}
PDF = {"name": "Compliance Certificate.pdf", "data": "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZz4+"}
JPEG = {"name": "Front.jpeg", "data": "/9j/4AAQSkZJRg=="}

GONE = "gone"
NOT_TEXTS = [None, True, 7, 1.5, [], ["x"], {}, {"x": "y"}, "", GONE]
PHONES = ["91-8023329991", "+918023329991", "+-1", "+91-", "+91-1-", "+91-80CALL", "+91-80-desk", "the desk"]
EMAILS = ["info.example.com", "a@b@c", "@example.com", "info@", "a b@example.com"]
INFO_FAULTS = [
    *((f"/info/{name}", value) for name in INFO for value in NOT_TEXTS),
    *(("/info/phone", text) for text in PHONES),
    *(("/info/email", text) for text in EMAILS),
    *(("/info", value) for value in (None, True, "x", [], GONE)),
]
DOCUMENT_FAULTS = [
    *((f"/documents/{n}/{name}", value) for n in (0, 1) for name in PDF for value in NOT_TEXTS),
    *(("/documents/1", value) for value in (None, True, 7, "x", [])),
    *(("/documents", value) for value in (True, 7, "x", {})),
]
API_FAULTS = [
    *(("/api", value) for value in (None, 7, "x", [], GONE)),
    *(("/api/endpoint_url", value) for value in [*NOT_TEXTS, "not a url"]),
]


def signup_body():
    """Make the body of a valid signup."""
    return {
        "info": dict(INFO),
        "documents": [dict(PDF), dict(JPEG)],
        "api": {"endpoint_url": "https://api.metro.example.com/beckn/v1"},
    }


def put(body, pointer, value):
    """Copy a body with another value at a place; GONE takes the member away."""
    changed = copy.deepcopy(body)
    holder = changed
    *path, last = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    for part in path:
        holder = holder[part]
    if value == GONE:
        del holder[last]
    else:
        holder[last] = value
    return changed
