# What the HTTP interface refuses, and why `lianju web` cannot start.

api-not-json = The body is not JSON: send one JSON object.
api-content-type = The body must be of the type { $type }: send it with the header Content-Type: { $type }.
api-too-long = The body is too long: send at most { $most } KB.
api-unknown-field = There is no field { $name }: choose from { $names }.
api-repeated-field = The field { $name } is there twice: send it once.
api-missing-field = The field { $name } is missing: add it.
api-field = The field { $name } must be { $kind ->
    [text] text
    [integer] a whole number
    [number] a number
    [list] a list of 1 to 20 items
    [object] a JSON object
   *[other] of another kind
}: change it.
api-sample-option = { $option } is for sampling: set mode to “sampled”, or leave it out.
api-group = The header Lianju-Group is too long: send at most { $most } characters.
api-token = The token is missing or wrong: send the header Authorization: Bearer with the service's token.
api-not-found = There is nothing at this address: look at /openapi.json.
api-method = This address does not take that method: look at /openapi.json.
web-host = { $host } is not an address of this machine: choose another --host, such as 127.0.0.1.
web-port-used = Port { $port } of { $host } is in use: stop the other program, or choose another --port.
web-listen = Port { $port } of { $host } cannot be listened at ({ $reason }): choose another --port or --host.
