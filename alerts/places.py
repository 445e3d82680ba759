"""Addresses of this deployment: edit them here, then run `make build`."""

RUNBOOKS = "http://localhost:9464/runbooks"
GRAFANA = "http://localhost:3000"
ALERTMANAGER = "http://localhost:9093"
# The incident log: everything that any receiver is told is posted to WEBHOOK/<receiver> too.
WEBHOOK = "http://webhook:9095"

# Files that Alertmanager reads when it sends; no secret is ever in the configuration itself.
SECRETS = "/etc/alertmanager/secrets"
# A dead-man's-switch service: it calls the on-call engineer once the heartbeat stops.
HEARTBEAT = "https://heartbeat.petswipe.example/alertmanager"
# The ticket system's webhook; its token is the file `ticket-token` among the secrets.
TICKETS = "https://tickets.petswipe.example/hooks/alertmanager"

CHAT = "#petswipe-alerts"
# Where an alert goes that no route wants: a fault of the rules, read by who owns the routes.
CHAT_OF_ROUTES = "#petswipe-platform"

SMARTHOST = "smtp.petswipe.example:587"
MAIL_USER = "alertmanager"
MAIL_FROM = "alertmanager@petswipe.example"
MAIL_ON_CALL = "on-call@petswipe.example"
MAIL_DBA = "dba@petswipe.example"
MAIL_FINANCE = "finance@petswipe.example"

SNS_TOPIC = "arn:aws:sns:eu-central-1:123456789012:petswipe-budget"
SNS_REGION = "eu-central-1"

# When somebody works through tickets, and the days on which nobody does.
TIME_ZONE = "Europe/Zurich"
WORKING_DAYS = "monday:friday"
WORKING_HOURS = ("08:00", "18:00")
HOLIDAYS = ("january 1", "august 1", "december 25", "december 26")
