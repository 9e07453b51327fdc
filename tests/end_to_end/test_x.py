import time
from end_to_end.kit import Kit
def test_a(tmp_path):
    for i in range(4):
        r = Kit(tmp_path).run("reference", "-k", "test_plain_get")
        print(r.status, r.seconds)
        r = Kit(tmp_path).run("http://127.0.0.1:1", "-k", "test_plain_get")
        print(r.status, r.seconds)
    print(r.output)
