# Makes the passwords that the services of docker-compose.yml know each other by: once, and again only where it was interrupted,
# when nobody has them yet. Only who needs one may read it.
set -eu
cd "${1:-/passwords}"
if [ -e complete ]; then exit 0; fi
rm -f clickhouse_password grafana_password
umask 237
for name in clickhouse_password grafana_password; do
	od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$name"
done
chown 65532:0 clickhouse_password # the collector; Grafana, whose group is 0; ClickHouse, which starts as root
chown 472:0 grafana_password      # Grafana
: >complete
