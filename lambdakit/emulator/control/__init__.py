"""The control plane: functions that are made, changed, published and removed while the service runs.

    plane = ControlPlane(service, backstage, state=state, location=links.link)
    await plane.start(functions_of_the_project)
    await plane.call("CreateFunction", inputs, Caller("us-east-1"))

Nothing here runs functions: every operation ends in calls of the `LocalService` and the `Backstage` that do. No HTTP,
either (see `api.control_routes`).
"""
