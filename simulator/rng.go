package simulator

import (
	"hash/fnv"
	"math"
	"math/bits"
)

// rng is SplitMix64. Every session draws from its own stream, so that any of them can be made without the others; that asks
// for a generator whose seeding costs nothing, which those of math/rand are not.
type rng uint64

// stream is the generator that belongs to parts, independent of that of any other parts.
func stream(parts ...uint64) rng {
	r := rng(len(parts))
	for _, p := range parts {
		r = rng(r.next() ^ p)
	}
	return rng(r.next())
}

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *rng) intn(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// between draws a whole number of [low, high].
func (r *rng) between(low, high int) int { return low + r.intn(high-low+1) }

func (r *rng) float() float64 { return float64(r.next()>>11) / (1 << 53) }

func (r *rng) chance(p float64) bool { return r.float() < p }

// logNormal is the duration of things with many small causes that multiply: support sessions, the delay
// until a note is typed.
func (r *rng) logNormal(median, sigma float64) float64 {
	normal := math.Sqrt(-2*math.Log(1-r.float())) * math.Cos(2*math.Pi*r.float())
	return median * math.Exp(sigma*normal)
}

func pick[T any](r *rng, list []T) T { return list[r.intn(len(list))] }

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
