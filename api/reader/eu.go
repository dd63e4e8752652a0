package reader

import (
	"cmp"
	"encoding/csv"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
)

// An euReport is a site's figures in the columns of the template that Annex I of Commission Implementing Regulation
// (EU) 2024/2835 lays down for the reports of Regulation (EU) 2022/2065. Annex II says how it is filled in: 0 where
// something could have been, and was not; nothing where it never could be, or is not known here.
type euReport struct {
	site   string // its name, as a cell
	period string
	f      takedown.Figures
	policy site.Policy       // what waits for a moderator here
	orders []takedown.Demand // of courts and authorities, sealed ones left out
}

// euParts are the parts of the template that are filled in, by the names of their files. What is not among them stands
// in docs/law.md.
var euParts = map[string]func(*euReport) [][]string{
	"1_report_identification.csv":  (*euReport).identification,
	euOrders:                       (*euReport).memberStates,
	"4_notices.csv":                (*euReport).notices,
	"5_own_initiative_illegal.csv": (*euReport).illegal,
	"6_own_initiative_TC.csv":      (*euReport).terms,
	"7_appeals_and_recidivism.csv": (*euReport).complaints,
	"8_automated_means.csv":        (*euReport).automated,
	"11_qualitative.csv":           (*euReport).qualitative,
}

// euPartNames are their names in order.
var euPartNames = slices.SortedFunc(maps.Keys(euParts), func(a, b string) int {
	return cmp.Or(cmp.Compare(strings.IndexByte(a, '_'), strings.IndexByte(b, '_')), cmp.Compare(a, b))
})

// euOrders is the part that lists takedowns.
const euOrders = "3_member_states_orders.csv"

// template answers with a part of the template as CSV (RFC 4180, UTF-8), as the regulation wants it: without a mark.
func (h *openness) template(c echo.Context, blog site.Site, in takedown.Period) error {
	part, known := euParts[c.Param("part")]
	if !known {
		return problem.Missing("page.unknown", "There is no such part: there are "+strings.Join(euPartNames, ", ")+".")
	}
	f, err := h.Takedowns.Figures(c.Request().Context(), blog, in)
	if err != nil {
		return err
	}
	r := &euReport{site: text.Cell(blog.Name), f: f, policy: cmp.Or(blog.Settings.Moderation, site.PolicyAll),
		period: f.From.UTC().Format(time.DateOnly) + "/" +
			f.To.Add(-time.Microsecond).UTC().Format(time.DateOnly)}
	for after, more := "", c.Param("part") == euOrders; more; more = after != "" {
		var demands []takedown.Demand
		if demands, after, err = h.demands(c, blog, in, after, registerChunk); err != nil {
			return err
		}
		for _, d := range demands {
			if d.Kind == takedown.Court || d.Kind == takedown.Authority {
				r.orders = append(r.orders, d)
			}
		}
	}
	out := web.Stream(c, "text/csv; charset=utf-8", blog.Key+"-"+c.Param("part"))
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return out.Cut(errors.Join(w.WriteAll(part(r)), w.Error()))
}

const (
	euAll       = "All"
	euPlatforms = "Only for providers of online platforms"
)

func (r *euReport) identification() [][]string {
	from, to, _ := strings.Cut(r.period, "/")
	rows := [][]string{{"Applicability", "Service", "Indicator", "Value"}}
	for _, one := range [][2]string{{"Name of the service provider"}, {"Date of the publication of the report"},
		{"Date of the publication of the latest previous report"}, {"Starting date of reporting period", from},
		{"Ending date of reporting period", to}} {
		rows = append(rows, []string{euAll, r.site, one[0], one[1]})
	}
	return rows
}

// euOrderColumns are what is said of orders, and of each its context.
var euOrderColumns = []string{
	"Number of orders to act against illegal content received",
	"Number of specific items of information included in the total number of orders to act against illegal content",
	"Median time to inform the authority of the receipt of the order to act against illegal content",
	"Median time to give effect to the order to act against illegal content",
	"Number of orders to provide information",
	"Median time to inform the authority of the receipt of the order to provide information",
	"Median time to give effect to the order to provide information",
}

// memberStates counts what courts and authorities of the Union demanded. Which of the categories an order falls into
// is not known here: the rows of all of them together are made.
func (r *euReport) memberStates() [][]string {
	head := []string{"Applicability", "Service", "Reporting period", "Category of illegal content",
		`Description of the sub-category "Other"`, "Scope"}
	head = append(head, euOrderColumns...)
	for i, column := range euOrderColumns {
		if i <= 1 { // as the template has it
			column = "n" + column[1:]
		}
		head = append(head, "Contextual information on "+column)
	}
	by := map[string][]takedown.Demand{}
	others := 0
	for _, d := range r.orders {
		if state := memberState(d.Country); state != "" {
			by[state] = append(by[state], d)
			by["TOTAL"] = append(by["TOTAL"], d)
		} else {
			others++
		}
	}
	rows := [][]string{head}
	for _, scope := range append([]string{"TOTAL"}, slices.Sorted(maps.Keys(by))...) {
		if scope == "TOTAL" && len(rows) > 1 {
			continue
		}
		row := make([]string, len(head))
		copy(row, []string{euAll, r.site, r.period, "TOTAL", "", scope})
		items := 0
		var took []time.Duration
		for _, d := range by[scope] {
			items += d.Count
			took = append(took, max(0, d.At.Sub(d.Received)))
		}
		row[6], row[7], row[9] = strconv.Itoa(len(took)), strconv.Itoa(items), euHours(took)
		if scope == "TOTAL" {
			row[13] = euCount(others, "orders of courts and authorities elsewhere or of no known country are left out") +
				euCount(r.f.Sealed, "sealed demands are left out")
		}
		rows = append(rows, row)
	}
	return rows
}

// euNoticeColumns are what is said of notices, and of each its context. Which are of trusted flaggers is not known: who
// reports has no account.
var euNoticeColumns = []string{
	"Number of notices received ", "Number of notices received from Trusted flaggers",
	"Number of specific items of information included in the total number of notices",
	"Number of specific items of information included in the total number of notices by Trusted Flaggers " +
		"(Trusted Flagger notices)",
	"Median time to take action", "Median time to take action (Trusted Flagger notices)",
	"Number of actions taken on the basis of the law",
	"Number of actions taken on the basis of the law (Trusted Flagger notices)",
	"Number of actions taken on the basis of the terms and conditions of the service",
	"Number of actions taken on the basis of the terms and conditions of the service (Trusted Flagger notices)",
}

// notices counts what readers reported as unlawful. Under which category it falls is not known here.
func (r *euReport) notices() [][]string {
	head := []string{"Applicability", "Service", "Reporting period", "Category of illegal content",
		`Description of the sub-category "Other"`}
	head = append(head, euNoticeColumns...)
	for _, column := range euNoticeColumns {
		head = append(head, "Contextual information on "+column)
	}
	n, row := r.f.Notices, make([]string, len(head))
	copy(row, []string{"Only for providers of hosting services, including online platforms", r.site, r.period, "TOTAL"})
	row[5], row[7], row[11], row[13] = strconv.Itoa(n.Received), strconv.Itoa(n.Comments), strconv.Itoa(n.Law),
		strconv.Itoa(n.Terms)
	row[15] = "Reports of readers that a comment is unlawful, whether or not they are notices in the sense of Article 16."
	if n.Action.Of > 0 {
		row[9] = strconv.FormatFloat(n.Action.Median.Hours(), 'f', 1, 64)
		row[19] = euCount(n.Action.Of, "that led to a refusal, in hours")
	}
	return [][]string{head, row}
}

// euCount is a remark on so many; "" on none.
func euCount(n int, remark string) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " " + remark + ". "
}

// euHours is the median of some times in hours; "" of none.
func euHours(took []time.Duration) string {
	if len(took) == 0 {
		return ""
	}
	slices.Sort(took)
	return strconv.FormatFloat(took[(len(took)-1)/2].Hours(), 'f', 1, 64)
}

// euMeasureColumns are what is said of measures, and of each its context.
var euMeasureColumns = []string{
	"Number of measures taken at the provider's own initiative ",
	"Number of measures taken after detection with solely automated means ",
	"Visibility restriction Removal", "Visibility restriction Disable", "Visibility restriction Demoted",
	"Visibility restriction Age restricted", "Visibility restriction Interaction restricted",
	"Visibility restriction Labelled ", "Visibility restriction Other", "Monetary restriction Suspension",
	"Monetary restriction Termination", "Monetary restriction Other", "Provision of the service Suspension",
	"Provision of the service Termination", "Account restriction Suspension", "Account restriction Termination",
}

// An euCategory is one of the template's, and which reasons of ours fall under it.
type euCategory struct {
	name    string
	reasons []comment.Reason
	below   []euKeyword
}

// An euKeyword is a category below another. Other describes what is "Other"; else it is "".
type euKeyword struct {
	name, other string
	reason      comment.Reason
}

// euCategories are those under which a comment may be refused here, and all others of the template.
var euCategories = []euCategory{
	{name: "STATEMENT_CATEGORY_ANIMAL_WELFARE"}, {name: "STATEMENT_CATEGORY_CONSUMER_INFORMATION"},
	{"STATEMENT_CATEGORY_CYBER_VIOLENCE", []comment.Reason{comment.ReasonPersonalAttack},
		[]euKeyword{{"KEYWORD_CYBER_BULLYING_INTIMIDATION", "", comment.ReasonPersonalAttack}}},
	{name: "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN"},
	{name: "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"},
	{"STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", []comment.Reason{comment.ReasonHateSpeech},
		[]euKeyword{{"KEYWORD_HATE_SPEECH", "", comment.ReasonHateSpeech}}},
	{name: "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"},
	{name: "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS"},
	{name: "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"}, {name: "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"},
	{name: "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"}, {name: "STATEMENT_CATEGORY_SELF_HARM"},
	{name: "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS"}, {name: "STATEMENT_CATEGORY_VIOLENCE"},
	{"STATEMENT_CATEGORY_OTHER_VIOLATION_TC", []comment.Reason{comment.ReasonSpam, comment.ReasonDuplicate,
		comment.ReasonObscenity, comment.ReasonOffTopic, comment.ReasonOther}, []euKeyword{
		{"KEYWORD_OTHER", "Spam", comment.ReasonSpam}, {"KEYWORD_OTHER", "The same again", comment.ReasonDuplicate},
		{"KEYWORD_OTHER", "Obscenity", comment.ReasonObscenity}, {"KEYWORD_OTHER", "Off topic", comment.ReasonOffTopic},
		{"KEYWORD_OTHER", "Other reasons", comment.ReasonOther}}},
}

func euMeasureHead(category string) []string {
	head := []string{"Applicability", "Service", "Reporting period", category,
		`Description of the sub-category "Other"`}
	head = append(head, euMeasureColumns...)
	for _, column := range euMeasureColumns {
		head = append(head, "Contextual Information on "+column)
	}
	return head
}

// measures is a row: so many comments were refused, which nobody reads any more, and by nobody but people.
func (r *euReport) measures(category, other string, n int) []string {
	row := make([]string, 5+2*len(euMeasureColumns))
	copy(row, []string{euAll, r.site, r.period, category, other, strconv.Itoa(n), "0", "0", strconv.Itoa(n)})
	if category == "TOTAL" {
		row[5+len(euMeasureColumns)] = "Comments that were refused, after a reader's report too. The " +
			"program refuses none by itself."
	}
	return row
}

// illegal has what was refused as unlawful. Under which category it falls is not known here.
func (r *euReport) illegal() [][]string {
	return [][]string{euMeasureHead("Category of illegal content"),
		r.measures("TOTAL", "", r.f.Refused[comment.ReasonUnlawful])}
}

func (r *euReport) terms() [][]string {
	rows := [][]string{euMeasureHead("Category of incompatibility with the provider's terms and conditions"), nil}
	total := 0
	for _, category := range euCategories {
		n := 0
		for _, reason := range category.reasons {
			n += r.f.Refused[reason]
		}
		total += n
		rows = append(rows, r.measures(category.name, "", n))
		for _, k := range category.below {
			rows = append(rows, r.measures(k.name, k.other, r.f.Refused[k.reason]))
		}
	}
	rows[1] = r.measures("TOTAL", "", total)
	return rows
}

// complaints are second looks: each is about a comment that was refused.
func (r *euReport) complaints() [][]string {
	const section = "Internal complaints mechanism"
	const submitted = "Number of complaints submitted to the internal-complaints mechanism"
	const visibility = "Complaint regarding a decision to remove or disable access to or restrict visibility " +
		"of information"
	rows := [][]string{{"Applicability", "Service", "Reporting period", "Section", "Indicator", "Scope", "Value",
		"Contextual Information"}}
	add := func(whom, indicator, scope, value, context string) {
		rows = append(rows, []string{whom, r.site, r.period, section, indicator, scope, value, context})
	}
	a := r.f.Appeals
	open := euCount(a.Open, "were not decided when this was made")
	for _, indicator := range []string{submitted, visibility} {
		whom := cmp.Or(map[string]string{submitted: euAll}[indicator], euPlatforms)
		add(whom, indicator, "Total number", strconv.Itoa(a.Received), open)
		add(euPlatforms, indicator, "Decisions upheld", strconv.Itoa(a.Upheld), "")
		add(euPlatforms, indicator, "Decisions partially reversed", "0", "")
		add(euPlatforms, indicator, "Decisions reversed", strconv.Itoa(a.Overturned), "")
		median := ""
		if r.f.Answer.Of > 0 {
			median = strconv.FormatFloat(r.f.Answer.Median.Hours(), 'f', 1, 64)
		}
		add(euPlatforms, indicator, "Median time", median, euCount(r.f.Answer.Of, "that were answered, in hours"))
	}
	return rows
}

func (r *euReport) automated() [][]string {
	rows := [][]string{{"Applicability", "Service", "Reporting period", "Section", "Indicator", "Scope", "Value",
		"Contextual Information"}}
	refused := 0
	for _, n := range r.f.Refused {
		refused += n
	}
	for _, scope := range []string{"Total number", "Own-initiative "} {
		for indicator, n := range []int{0, refused} {
			rows = append(rows, []string{euAll, r.site, r.period, "Use of automated means for content moderation",
				[]string{"Number of measures solely taken by automated means ",
					"Number of measures not taken by automated means"}[indicator], scope, strconv.Itoa(n),
				"The program orders what waits, and suggests; people decide."})
		}
	}
	return rows
}

// qualitative says in words what the program does. How often it errs here, and whatever people do, the publisher adds.
func (r *euReport) qualitative() [][]string {
	rows := [][]string{{"Applicability", "Service", "Reporting period", "Indicator", "Value"}}
	const own = "engaged in at the provider"
	w := i18n.In("en") // as all of the template is
	for _, one := range [][2]string{
		{"Summary of the content moderation " + own + "s’ own initiative", w.T("open.policy."+string(r.policy)) + " " +
			w.T("open.program") + " " + w.T("open.redress")},
		{"Meaningful and comprehensible information regarding content moderation " + own + "s' own initiative"},
		{"Qualitative description of the automated means", "A classifier learns from what moderators decide on " +
			"this site which words stand in what they refuse; other means are near-duplicates of texts, and words, links " +
			"and writers that the publisher has listed. Each finding is shown to moderators as a sentence with its weight."},
		{"Qualitative description of indicators of accuracy and possible rate of error of automated means"},
		{"Specification of the precise purposes to apply automated means", "To order what waits for moderators, to " +
			"gather copies of a text, to suggest a decision, and to have wait what is suspected."},
		{"Safeguards applied to the use of automated means", "No program refuses a comment. Each decision " +
			"is a person's, stands in a log that cannot be changed unseen, and can be undone with all that was learned " +
			"from it; a refusal is looked at again at its writer's request."},
	} {
		rows = append(rows, []string{euAll, r.site, r.period, one[0], one[1]})
	}
	return rows
}

// memberStates are the Union's, by name and by the code of Eurostat's glossary.
var memberStates = strings.Fields(`AT Austria BE Belgium BG Bulgaria CY Cyprus CZ Czechia DE Germany DK Denmark
	EE Estonia EL Greece ES Spain FI Finland FR France HR Croatia HU Hungary IE Ireland IT Italy LT Lithuania
	LU Luxembourg LV Latvia MT Malta NL Netherlands PL Poland PT Portugal RO Romania SE Sweden SI Slovenia SK Slovakia`)

// memberState is the code of a country that somebody typed; "": it is none of the Union, or not known.
func memberState(country string) string {
	country = strings.TrimSpace(country)
	for i := 0; i < len(memberStates); i += 2 {
		if strings.EqualFold(country, memberStates[i]) || strings.EqualFold(country, memberStates[i+1]) {
			return memberStates[i]
		}
	}
	return ""
}
