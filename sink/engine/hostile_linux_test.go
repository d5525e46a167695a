package engine

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// hostile has function calls that would use all memory or overflow the stack, by the code of the
// refusal. The code is "" if the answer is small or an error about the arguments.
var hostile = map[string][]string{
	"497": { // would crash the engine or exceed every limit
		"jsonMergePatch(concat('{\"a\":', repeat('[', 1000000), repeat(']', 1000000), '}'), '{}')",
		"polygonsUnionCartesian([[[(0., 0.), (0., 1.), (1., 0.)]]], [[[(0., 0.), (0., 1.), (1., 0.)]]])",
		"groupFormat('JSON')(number)",
		"finalizeAggregation(CAST(unhex('2809010000FF'), 'AggregateFunction(groupArray, Variant(UInt64, String))'))",
	},
	"241": { // exceeds the memory limit
		"damerauLevenshteinDistance(repeat('x', 30000), repeat('y', 30000))", "sparseGrams(repeat('abcdefgh', 1000000), 3, 1000000)",
		"arrayShingles(range(100000), 50000)", "ngrams(repeat('x', 100000), 50000)", "arrayResize([1], 1000000000)",
		"replicate(repeat('x', 1000), range(1000000))", "arrayTranspose(arrayMap(x -> range(10000), range(10000)))",
		"h3kRing(644325529233966508, 10000)", "h3PolygonToCells([(0., 0.), (0., 30.), (30., 30.), (30., 0.)], 8)",
		"timeSeriesRange(toDateTime('2000-01-01 00:00:00'), toDateTime('2100-01-01 00:00:00'), 1)",
		"mapPopulateSeries(map(toUInt64(1), 1, 1000000000, 2))", "printf('%400000000d', 1)", "printf('%.400000000f', 1.)",
		"replaceAll(repeat('x', 1000000), 'x', repeat('y', 10000))", "replaceRegexpAll(repeat('x', 1000000), 'x', repeat('y', 10000))",
		"arrayStringConcat(arrayMap(x -> 'x', range(10000)), repeat('y', 100000))", "randomString(1000000000)",
		"toJSONString(range(100000000))", "prettyPrintJSON(concat(repeat('[', 100000), repeat(']', 100000)))",
		"arrayFold((a, x) -> arrayConcat(a, a), range(60), [1])", "arrayFold((a, x) -> concat(a, a), range(60), 'x')",
		"arrayMap(x -> arrayMap(y -> range(1000), range(1000)), range(1000))", "groupArrayInsertAt(number, number * 10000000)",
		"groupConcat(repeat('x', 1000000)) FROM numbers(1000)",
	},
	"128": { // checks the size of its result in advance
		"arrayWithConstant(1000000000, 'xxxxxxxxxx')", "h3ToChildren(577199624117288959, 15)",
		"geohashesInBox(-180., -90., 180., 90., 12)", "readWKBPolygon(unhex('010300000001000000FFFFFFFF'))",
	},
	"131": {"repeat('x', 100000000)", "leftPad('x', 1000000000)", "space(1000000000)", "levenshteinDistance(repeat('x', 100000), 'y')", "base58Encode(repeat('x', 1000000))"},
	"69":  {"range(1000000000)", "toFixedString('x', 100000000)"},
	"306": {"CAST('[]', 'DEEP')", "defaultValueOfTypeName(concat(repeat('Tuple(', 900), 'Int8', repeat(')', 900)))"},
	"447": {"multiMatchAny('x', ['(x{1,100}){1,100}'])"},
	"427": {"match('x', repeat('(', 100000))"},
	"": {
		"JSONLength(concat(repeat('[', 1000000), repeat(']', 1000000)))", "JSONExtractRaw(concat(repeat('[', 100000), repeat(']', 100000)))",
		"JSON_VALUE('[]', concat('$', repeat('[*]', 100000)))", "isValidJSON(concat(repeat('[', 1000000), repeat(']', 1000000)))",
		"CAST(concat(repeat('{\"a\":', 100000), '1', repeat('}', 100000)), 'JSON')", "sumMap(range(1000), range(1000))",
		"readWKT(concat(repeat('GEOMETRYCOLLECTION(', 10000), 'POINT(1 1)', repeat(')', 10000)))", "match(repeat('x', 1000000), '((((x*)*)*)*)*y')",
		"formatQuery(concat('SELECT ', repeat('-', 100000), '1'))", "highlightQuery(concat('SELECT ', repeat('-', 100000), '1'))",
		"ngramSearch(repeat('x', 1000000), repeat('y', 10000))", "stringJaccardIndex(repeat('x', 1000000), repeat('y', 1000000))",
		"h3HexRing(644325529233966508, 65535)", "estimateCompressionRatio('ZSTD', 2000000000)(number)",
		"polygonConvexHullCartesian([[arrayMap(x -> (sin(x), cos(x)), range(100000))]])",
	},
}

// TestHostileFunctions calls each with little memory. It is refused, the engine survives, and the
// process uses little more memory than the query may.
func TestHostileFunctions(t *testing.T) {
	addr := fixture(t)
	pid := shared.PID()
	const memory, more = 300, 600 // MiB
	for code, calls := range hostile {
		for _, call := range calls {
			call = strings.Replace(call, "DEEP", strings.Repeat("Array(", 900)+"Int8"+strings.Repeat(")", 900), 1)
			text := "SELECT " + call
			if !strings.Contains(call, " FROM ") {
				text += " FROM numbers(20)"
			}
			if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil { // resets the peak
				t.Fatal(err)
			}
			before := status(t, pid, "VmRSS")
			a := post(t, addr, fmt.Sprintf("max_memory_usage=%d", memory<<20), text+" FORMAT Null")
			if shared.PID() != pid {
				t.Fatalf("%.200s: the engine did not survive", text)
			}
			grown := status(t, pid, "VmHWM") - before
			t.Logf("%4d MiB, code %q: %.100s", grown, a.code, text)
			if grown > memory+more {
				t.Errorf("%.200s uses %d MiB", text, grown)
			}
			if code != "" && a.code != code || code == "" && slices.Contains([]string{"241", "497"}, a.code) {
				t.Errorf("%.200s: %q, want %q: %.300s", text, a.code, code, a.body)
			}
		}
	}
}

// status returns a memory figure of the process in MiB.
func status(t *testing.T, pid int, name string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if size, ok := strings.CutPrefix(line, name+":"); ok {
			var kib int
			if _, err := fmt.Sscan(size, &kib); err != nil {
				t.Fatal(err)
			}
			return kib >> 10
		}
	}
	t.Fatalf("there is no %s in %s", name, b)
	return 0
}
