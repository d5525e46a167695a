// Package config reads the configuration file and the environment, once, into structs that do not change afterwards. The
// default, the meaning and the check of a key stand beside its field; docs/configuration.md is generated from them.
package config

//go:generate go run ./reference ../../docs/configuration.md

import "alpemix-collector/internal/secret"

// Config is the whole configuration. Tags: yaml is the key, default its value when it is not given, doc its meaning, check
// the names of the checks of checks.go that its value has to pass, and path marks a file or folder, which is taken relative
// to the folder of the configuration file.
type Config struct {
	StateDir      string     `yaml:"state_dir" default:"./state" path:"" check:"required" doc:"Folder of the queue, the tokens, the request counts and the embedded engine's data. One process at a time."`
	Timezone      string     `yaml:"timezone" default:"Europe/Istanbul" check:"zone" doc:"IANA time zone of accounts that name none."`
	CustomersFile string     `yaml:"customers_file" default:"customers.csv" path:"" doc:"CSV file that maps names and numbers to customers, see [customers.md](customers.md); it is optional."`
	Log           Log        `yaml:"log"`
	HTTP          HTTP       `yaml:"http"`
	ClickHouse    ClickHouse `yaml:"clickhouse"`
	Retention     Retention  `yaml:"retention"`
	Privacy       Privacy    `yaml:"privacy"`
	Alpemix       Alpemix    `yaml:"alpemix"`
	Reseller      Reseller   `yaml:"reseller"`

	// Warnings are facts of this configuration that work but deserve a look; none holds a secret.
	Warnings []string `yaml:"-"`
}

// Log is how the daemon speaks on stderr.
type Log struct {
	Level  string `yaml:"level" default:"info" check:"oneof=debug|info|warn|error" doc:"Least level that is written: debug, info, warn or error."`
	Format string `yaml:"format" default:"text" check:"oneof=text|json" doc:"text or json."`
}

// HTTP is the page, the metrics and the health checks.
type HTTP struct {
	Listen        string   `yaml:"listen" default:"127.0.0.1:9187" check:"listen" doc:"Address of the page, /metrics, the health checks and /api/v1/status. Without web_config_file they have no login: keep them on loopback or behind a proxy."`
	Hosts         []string `yaml:"hosts" check:"hosts" doc:"Host names under which others reach them, for example those of a proxy. When given, and always on a loopback address, only requests by IP address, for localhost or for one of these names are answered, so that no web page can reach them through a name of its own."`
	WebConfigFile string   `yaml:"web_config_file" path:"" check:"readable,web" doc:"File with TLS, client certificates and logins, in the format of [Prometheus's exporter-toolkit](https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md). It is read again for each request, without a restart. While it is invalid, or sets no TLS, no client certificates or no logins though it did before, all requests are refused with 500. Only a restart takes protection away: without tls_server_config the collector then speaks plain HTTP."`
}

// ClickHouse is where the rows go.
type ClickHouse struct {
	DSN          DSN          `yaml:"dsn" default:"embedded" check:"dsn" doc:"embedded, or clickhouse://user@host:9000/alpemix, http://user@host:8123/alpemix, https://user@host:8443/alpemix."`
	Password     secret.Value `yaml:"password,omitempty" doc:"Password of the DSN's user."`
	PasswordFile string       `yaml:"password_file" path:"" doc:"File that holds the password."`
	Database     string       `yaml:"database" default:"alpemix" check:"database" doc:"Database of the tables and views; created if it is missing. A database in the DSN's path means the same."`
	Cluster      string       `yaml:"cluster" check:"cluster" doc:"Name of a ClickHouse cluster: tables become replicated and are created ON CLUSTER. Empty for one server."`
	Embedded     Embedded     `yaml:"embedded"`
}

// Embedded is the ClickHouse engine that runs as a child process when the DSN is "embedded".
type Embedded struct {
	Listen  string `yaml:"listen" default:"127.0.0.1:8123" check:"listen,loopback" doc:"Loopback address of the embedded engine's ClickHouse HTTP interface."`
	Library string `yaml:"library" path:"" check:"readable" doc:"Path of libchdb.so. Empty looks where make engine puts it."`
}

// Retention is how long rows are kept; 0 means for ever.
type Retention struct {
	Connections Duration `yaml:"connections" default:"0" check:"retention" doc:"How long connections are kept; 0 is for ever."`
	Raw         Duration `yaml:"raw" default:"0" check:"retention" doc:"How long the vendor's own text of a connection is kept; 0 is for ever."`
	Fetches     Duration `yaml:"fetches" default:"400d" check:"retention" doc:"How long the record of requests is kept; 0 is for ever."`
}

// Privacy is what is stored in a form that names nobody.
type Privacy struct {
	Pseudonymize []string `yaml:"pseudonymize" check:"columns" doc:"Columns of connections stored as keyed hashes, for example staff_ip, target_ip. Not available in this version: has to be empty."`
}

func newConfig() *Config { return &Config{Reseller: Reseller{Vendors: newVendors()}} }
