package engine

import "strings"

// stateType is the type of states of aggregate functions. The engine does not validate a state, and
// one that no aggregate function created crashes the process.
const stateType = "AggregateFunction"

// casts are the functions whose second argument is the name of a type, in lower case.
var casts = words("cast _cast accuratecast accuratecastornull accuratecastordefault")

// checkCasts refuses whatever turns a text into a state: a cast to stateType, a cast to a type that
// is not a literal, and a parameter of stateType. tokens are canonical, where each cast is a call.
func checkCasts(tokens []token) error {
	for i, t := range tokens {
		switch {
		case t.kind != tokenWord && t.kind != tokenName:
		case t.name() == stateType:
			return notForReaders("a parameter of the type " + stateType)
		case casts[strings.ToLower(t.name())] && i+1 < len(tokens) && tokens[i+1].text == "(" && !castsToLiteral(tokens[i+2:]):
			return notForReaders("a cast to " + stateType + ", or to a type that is not written as a literal,")
		}
	}
	return nil
}

// castsToLiteral reports whether the second argument of a call is a literal type without states.
func castsToLiteral(args []token) bool {
	depth := 0
	for i, t := range args {
		switch t.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth < 0 {
				return false
			}
		case ",":
			if depth > 0 {
				continue
			}
			if i+2 >= len(args) || args[i+1].kind != tokenString || strings.Contains(args[i+1].text, stateType) {
				return false
			}
			end := args[i+2]
			return end.text == ")" || end.text == "," || end.kind == tokenWord && end.text == "AS"
		}
	}
	return false
}
