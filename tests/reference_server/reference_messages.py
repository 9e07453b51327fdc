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
