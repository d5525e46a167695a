package config

import (
	"net"
	"strconv"
	"strings"
)

// listens refuses one address for both servers: only the first of them would get it.
func (l *loader) listens(c *Config) error {
	page, engine := c.HTTP.Listen, c.ClickHouse.Embedded.Listen
	if !c.ClickHouse.DSN.Embedded() || !overlap(page, engine) {
		return nil
	}
	at := place{}.key("http").key("listen")
	return l.errorf(at, "http.listen %s overlaps clickhouse.embedded.listen %s; give one of them another port", page, engine)
}

// overlap reports whether two checked addresses cannot be listened on at once. Port 0 is any free
// port. An unspecified host stands for all addresses, of IPv4 and IPv6.
func overlap(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	numberA, errA := strconv.ParseUint(portA, 10, 16)
	numberB, errB := strconv.ParseUint(portB, 10, 16)
	if errA != nil || errB != nil || numberA != numberB || numberA == 0 {
		return false
	}
	ipA, ipB := net.ParseIP(hostA), net.ParseIP(hostB)
	localA, localB := strings.EqualFold(hostA, "localhost"), strings.EqualFold(hostB, "localhost")
	switch {
	case hostA == "" || hostB == "", ipA.IsUnspecified(), ipB.IsUnspecified():
		return true
	case localA && localB, localA && isLoopback(ipB), localB && isLoopback(ipA):
		return true
	case ipA != nil && ipB != nil:
		return ipA.Equal(ipB)
	}
	return strings.EqualFold(hostA, hostB)
}

// isLoopback reports whether localhost may mean ip.
func isLoopback(ip net.IP) bool {
	return ip.Equal(net.IPv4(127, 0, 0, 1)) || ip.Equal(net.IPv6loopback)
}
