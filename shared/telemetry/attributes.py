"""What are the attributes of spans called? OpenTelemetry's semantic conventions (1.43), and our own under `msign.`.

The only place with these names. No value is ever a document, a personal number, a phone number, a PIN or a secret.
"""

MESSAGING_SYSTEM = "messaging.system"
MESSAGING_DESTINATION = "messaging.destination.name"
MESSAGING_OPERATION = "messaging.operation.name"
MESSAGING_OPERATION_TYPE = "messaging.operation.type"
MESSAGING_MESSAGE_ID = "messaging.message.id"
MESSAGING_CONVERSATION_ID = "messaging.message.conversation_id"
MESSAGING_ROUTING_KEY = "messaging.rabbitmq.destination.routing_key"
RABBITMQ = "rabbitmq"

RPC_SYSTEM = "rpc.system.name"
RPC_METHOD = "rpc.method"
RPC_STATUS = "rpc.response.status_code"
SOAP = "soap"

HTTP_METHOD = "http.request.method"
HTTP_ROUTE = "http.route"
HTTP_STATUS = "http.response.status_code"

ERROR_TYPE = "error.type"

JOB_ID = "msign.job_id"
COMMAND_ID = "msign.command_id"
SYSTEM = "msign.system"
KIND = "msign.kind"
ATTEMPT = "msign.attempt"
OUTCOME = "msign.outcome"
EVENT_TYPE = "msign.event_type"
