"""What JSON Schema cannot say about a request, put right before it is sent."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = whole_numbers(case.body)
    # Which projects there are is known to the deployment only.
    is_of_videosdk = case.operation.path.startswith("/v1/videosdk/")
    if isinstance(case.body, dict) and isinstance(case.body.get("project"), str):
        case.body["project"] = "videosdk" if is_of_videosdk or case.body.get("videosdk") is not None else "default"
    if isinstance(case.query, dict) and isinstance(case.query.get("project"), str):
        case.query["project"] = "videosdk" if is_of_videosdk else "default"


def whole_numbers(value):
    """JSON Schema takes 1.0 for a whole number; the service wants it written as one."""
    if isinstance(value, dict):
        return {name: whole_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole_numbers(member) for member in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
