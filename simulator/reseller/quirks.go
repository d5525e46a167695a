package reseller

// Quirks answers the questions that the four documents leave open (vendors/README.md, sections 2 to 6). Each field holds for
// the vendors that its comment names; the zero value is the documents read literally.
type Quirks struct {
	Instead Instead // all: what comes in place of answers

	EmptyList bool // RemotePC, SerwerSMS, lima-city: the list of customers is empty, as of a vendor in trouble

	ErrorsInside bool // RemotePC, lima-city: errors have the HTTP status 200; SerwerSMS's always have

	// RemotePC.
	IPStatus    int  // that means an address that is not allowed, in status and code: 0 means 403; 401 is the other reading
	LooseStatus bool // status is printed as "Ok " and "Forbidden "
	TextMessage bool // message is a string that holds JSON
	TwoTs       bool // allotted_computers
	Date        Date // created_date
	NewErrors   bool // descriptions that the document does not know
	ExtraKeys   bool // keys that the document does not know
	NoList      bool // message has no resellerUsersList
	Suspended   bool // the reseller's account is suspended: nobody signs in
	ListInvited bool // who is invited and has not come yet is listed as inactive

	// CC.
	Wrap          Wrap  // lists in JSON
	Empty         Empty // lists and texts without content in JSON
	Flags         Flags // yes and no
	ChangeBodies  bool  // changes answer with a body
	SilentErrors  bool  // errors have no text
	Strict        bool  // lists of customers that it does not know are an error, too
	Dirty         bool  // everyone has pending requests
	NoDeclaration bool  // XML begins with the root
	FreeValues    bool  // packs have values of forms that nobody knows

	// SerwerSMS.
	TextCode  bool // the error's code is a string
	English   bool // messages are not in Polish
	NoSuccess bool // success is left out when it is true
	NoItems   bool // index has no items

	// lima-city.
	List       bool // customers can be listed
	AcceptJSON bool // requests that do not accept application/json get a page, when they are done
	PlainError bool // errors are one string
	NullKey    bool // api_key is null when none was asked for
}

// Instead is what comes in place of an answer.
type Instead string

// Replacements. All but the redirects come after the request was done. A change at CC succeeds without a body.
const (
	InsteadPage     Instead = "page"         // HTML, with 200
	InsteadDebug    Instead = "debug"        // HTML, with 500, that quotes the request and with it all of its secrets
	InsteadRedirect Instead = "redirect"     // 302, to where the request's path is quoted
	InsteadRepeat   Instead = "redirect-307" // a redirect that asks for the request itself to be repeated
	InsteadNothing  Instead = "nothing"      // an empty body
	InsteadNull     Instead = "null"         // that of JSON
	InsteadArray    Instead = "array"        // JSON, but no object
	InsteadHalf     Instead = "half"         // ends too early
)

// Date is how RemotePC writes created_date.
type Date string

// Dates. In the last two the truth holds no date.
const (
	PaddedDate Date = ""      // 01-13-2023
	ShortDate  Date = "short" // 1-13-2023
	EmptyDate  Date = "empty"
	NullDate   Date = "null"
)

// Wrap is how CC writes a list in JSON.
type Wrap string

// Wraps. The last three are what converters turn XML into; a list of one is an object there.
const (
	WrapEach   Wrap = ""       // [{"pack":{…}},{"pack":{…}}], as the document's sample
	WrapList   Wrap = "list"   // {"pack":[{…},{…}]}, of one {"pack":{…}}
	WrapNone   Wrap = "none"   // [{…},{…}]
	WrapObject Wrap = "object" // [{"pack":{…}},{"pack":{…}}], of one {"pack":{…}}
	WrapBare   Wrap = "bare"   // [{…},{…}], of one {…}
)

// Empty is what CC writes in JSON where nothing is.
type Empty string

// Empties. A text without content, such as forward, is null in the first two and "" in the third.
const (
	EmptyList Empty = ""     // []
	EmptyNull Empty = "null" // null
	EmptyText Empty = "text" // ""
)

// Flags is how CC writes yes and no.
type Flags string

// Forms of flags. pwdchanged is a number in all but the last, as in the document.
const (
	FlagPlain  Flags = ""       // true, and true in XML
	FlagNumber Flags = "number" // 1, and 1 in XML
	FlagText   Flags = "text"   // "true", and true in XML
)

// Mode is a named set of quirks.
type Mode struct {
	Name   string
	Quirks Quirks
	Broken bool // no answer is one: nothing may be taken from it
}

// Modes are the readings of the vendor's document that must work, one quirk each and the likeliest combination, and those
// that must not be mistaken for data.
func Modes(vendor string) []Mode {
	modes := append([]Mode{{Name: "document"}}, twinOf(vendor).modes...)
	for _, instead := range []Instead{InsteadPage, InsteadDebug, InsteadRedirect, InsteadRepeat, InsteadNothing, InsteadNull, InsteadArray, InsteadHalf} {
		modes = append(modes, Mode{string(instead), Quirks{Instead: instead}, true})
	}
	return modes
}
