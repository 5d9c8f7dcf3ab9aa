"""Adjusts generated requests where JSON Schema cannot express the service's rules."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    case.body = whole_numbers(case.body)
    # The OpenAPI document cannot list the projects, because the projects depend on the configuration.
    is_videosdk_route = case.operation.path.startswith("/v1/videosdk/")
    if isinstance(case.body, dict) and isinstance(case.body.get("project"), str):
        case.body["project"] = "videosdk" if is_videosdk_route or case.body.get("videosdk") is not None else "default"
    if isinstance(case.query, dict) and isinstance(case.query.get("project"), str):
        case.query["project"] = "videosdk" if is_videosdk_route else "default"


def whole_numbers(value):
    """Converts 1.0 to 1. In JSON Schema 1.0 is an integer, but the service requires integers without a fraction."""
    if isinstance(value, dict):
        return {name: whole_numbers(field) for name, field in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
