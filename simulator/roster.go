package simulator

import "alpemix-collector/report"

const hour = 60 * 60

// roster is who works when on one day.
type roster struct {
	desk    *desk
	working bool
	onCall  int     // whose telephone rings at night
	away    []bool  // on leave
	remote  []bool  // works from home
	busy    []int32 // until which second of the day
}

func newRoster(desk *desk, date report.Day) *roster {
	n := len(desk.staff)
	t := &roster{desk: desk, working: working(date), onCall: int(date) % n, away: make([]bool, n), remote: make([]bool, n), busy: make([]int32, n)}
	r := stream(desk.key, uint64(date), 6)
	for i := range n {
		t.away[i], t.remote[i] = r.chance(0.07), r.chance(0.15)
	}
	return t
}

// assign finds someone on duty at second who is not in another session; when that does not succeed quickly, people do two at
// a time.
func (t *roster) assign(r *rng, second, length int32) int {
	chosen := t.onCall
	for range 16 {
		s := r.intn(len(t.busy))
		if !t.onDuty(s, second) {
			continue
		}
		chosen = s
		if t.busy[s] <= second {
			break
		}
	}
	t.busy[chosen] = max(t.busy[chosen], second+length)
	return chosen
}

func (t *roster) onDuty(staff int, second int32) bool {
	n := len(t.busy)
	distance := (staff - t.onCall + n) % n
	switch {
	case distance <= n/20:
		return true
	case !t.working:
		return distance <= n/4
	case t.away[staff]:
		return false
	}
	opens, lunch := int32(8*hour+hour/2), int32(12*hour)
	if t.desk.staff[staff].late {
		opens, lunch = opens+hour, lunch+hour
	}
	return second >= opens && second < opens+9*hour && (second < lunch || second >= lunch+hour)
}

func (t *roster) atHome(staff int, second int32) bool {
	return t.remote[staff] || !t.working || second < 8*hour || second >= 19*hour
}
