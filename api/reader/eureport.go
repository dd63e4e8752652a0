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

// An euReport formats a site's figures for the template in Annex I of Commission Implementing Regulation (EU) 2024/2835,
// which Regulation (EU) 2022/2065 requires for transparency reports. By Annex II a cell is 0 if an event was possible but
// did not occur. It is empty if the event is impossible, or the number is unknown.
type euReport struct {
	site   string // the site's name, escaped for spreadsheets
	period string
	f      takedown.Figures
	policy site.Policy         // the moderation policy
	orders []takedown.Takedown // of courts and authorities, without sealed ones
}

// euParts maps file names to the parts of the template that are filled in. docs/publishing.md lists the missing parts.
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

// euPartNames are the file names in order.
var euPartNames = slices.SortedFunc(maps.Keys(euParts), func(a, b string) int {
	return cmp.Or(cmp.Compare(strings.IndexByte(a, '_'), strings.IndexByte(b, '_')), cmp.Compare(a, b))
})

// euOrders is the part about orders of member states.
const euOrders = "3_member_states_orders.csv"

// euPart serves a part of the template as CSV (RFC 4180, UTF-8). The regulation requires it without a byte order mark.
func (h *transparency) euPart(c echo.Context, blog site.Site, in takedown.Period) error {
	part, known := euParts[c.Param("part")]
	if !known {
		return problem.Missing("page.unknown", "There is no such part. The parts are "+strings.Join(euPartNames, ", ")+".")
	}
	f, err := h.Takedowns.Figures(c.Request().Context(), blog, in)
	if err != nil {
		return err
	}
	r := &euReport{site: text.EscapeCell(blog.Name), f: f, policy: cmp.Or(blog.Settings.Moderation, site.PolicyAll),
		period: f.From.UTC().Format(time.DateOnly) + "/" +
			f.To.Add(-time.Microsecond).UTC().Format(time.DateOnly)}
	for after, more := "", c.Param("part") == euOrders; more; more = after != "" {
		var demands []takedown.Takedown
		if demands, after, err = h.openTakedowns(c, blog, in, after, takedownsPerPage); err != nil {
			return err
		}
		for _, d := range demands {
			if d.Kind == takedown.Court || d.Kind == takedown.Authority {
				r.orders = append(r.orders, d)
			}
		}
	}
	out := web.NewStream(c, "text/csv; charset=utf-8", blog.Key+"-"+c.Param("part"))
	w := csv.NewWriter(out)
	w.UseCRLF = true
	return out.Finish(errors.Join(w.WriteAll(part(r)), w.Error()))
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

// euOrderColumns are the columns about orders. Each has a context column too.
var euOrderColumns = []string{
	"Number of orders to act against illegal content received",
	"Number of specific items of information included in the total number of orders to act against illegal content",
	"Median time to inform the authority of the receipt of the order to act against illegal content",
	"Median time to give effect to the order to act against illegal content",
	"Number of orders to provide information",
	"Median time to inform the authority of the receipt of the order to provide information",
	"Median time to give effect to the order to provide information",
}

// memberStates counts the orders of courts and authorities of EU member states. The category of an order is unknown, so
// all rows have the category TOTAL.
func (r *euReport) memberStates() [][]string {
	head := []string{"Applicability", "Service", "Reporting period", "Category of illegal content",
		`Description of the sub-category "Other"`, "Scope"}
	head = append(head, euOrderColumns...)
	for i, column := range euOrderColumns {
		if i <= 1 { // lower case in the template
			column = "n" + column[1:]
		}
		head = append(head, "Contextual information on "+column)
	}
	by := map[string][]takedown.Takedown{}
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
			row[13] = euRemark(others, "orders of courts and authorities elsewhere or of no known country are left out") +
				euRemark(r.f.Sealed, "sealed takedowns are left out")
		}
		rows = append(rows, row)
	}
	return rows
}

// euNoticeColumns are the columns about notices. Each has a context column too. Notices of trusted flaggers are
// unknown, because readers report without an account.
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

// notices counts reports of unlawful comments. Their categories are unknown.
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
	if n.Action.Count > 0 {
		row[9] = strconv.FormatFloat(n.Action.Median.Hours(), 'f', 1, 64)
		row[19] = euRemark(n.Action.Count, "notices that led to a refusal, in hours")
	}
	return [][]string{head, row}
}

// euRemark returns a remark that begins with n, or "" if n is 0.
func euRemark(n int, remark string) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " " + remark + ". "
}

// euHours returns the median of durations in hours, or "" if there are none. It sorts took.
func euHours(took []time.Duration) string {
	if len(took) == 0 {
		return ""
	}
	slices.Sort(took)
	return strconv.FormatFloat(took[(len(took)-1)/2].Hours(), 'f', 1, 64)
}

// euMeasureColumns are the columns about measures. Each has a context column too.
var euMeasureColumns = []string{
	"Number of measures taken at the provider's own initiative ",
	"Number of measures taken after detection with solely automated means ",
	"Visibility restriction Removal", "Visibility restriction Disable", "Visibility restriction Demoted",
	"Visibility restriction Age restricted", "Visibility restriction Interaction restricted",
	"Visibility restriction Labelled ", "Visibility restriction Other", "Monetary restriction Suspension",
	"Monetary restriction Termination", "Monetary restriction Other", "Provision of the service Suspension",
	"Provision of the service Termination", "Account restriction Suspension", "Account restriction Termination",
}

// An euCategory is a category of the template with the refusal reasons that belong to it.
type euCategory struct {
	name    string
	reasons []comment.Reason
	below   []euKeyword
}

// An euKeyword is a sub-category. other describes the sub-category "Other"; otherwise it is "".
type euKeyword struct {
	name, other string
	reason      comment.Reason
}

// euCategories are all categories of the template. Comments are refused only in those with reasons.
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
		{"KEYWORD_OTHER", "Spam", comment.ReasonSpam}, {"KEYWORD_OTHER", "Duplicate", comment.ReasonDuplicate},
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

// measures returns a row about n refused comments. A refusal counts as removal and is never automated.
func (r *euReport) measures(category, other string, n int) []string {
	row := make([]string, 5+2*len(euMeasureColumns))
	copy(row, []string{euAll, r.site, r.period, category, other, strconv.Itoa(n), "0", "0", strconv.Itoa(n)})
	if category == "TOTAL" {
		row[5+len(euMeasureColumns)] = "Refused comments, including those that readers reported. The " +
			"software refuses no comment automatically."
	}
	return row
}

// illegal counts comments refused as unlawful. Their categories are unknown.
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

// complaints counts appeals. Each is about a refused comment.
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
	open := euRemark(a.Open, "were undecided when this report was made")
	for _, indicator := range []string{submitted, visibility} {
		whom := cmp.Or(map[string]string{submitted: euAll}[indicator], euPlatforms)
		add(whom, indicator, "Total number", strconv.Itoa(a.Received), open)
		add(euPlatforms, indicator, "Decisions upheld", strconv.Itoa(a.Upheld), "")
		add(euPlatforms, indicator, "Decisions partially reversed", "0", "")
		add(euPlatforms, indicator, "Decisions reversed", strconv.Itoa(a.Overturned), "")
		median := ""
		if r.f.Answer.Count > 0 {
			median = strconv.FormatFloat(r.f.Answer.Median.Hours(), 'f', 1, 64)
		}
		add(euPlatforms, indicator, "Median time", median, euRemark(r.f.Answer.Count, "decided complaints, in hours"))
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
				"The software sorts pending comments and suggests decisions; people decide."})
		}
	}
	return rows
}

// qualitative describes what the software does. The publisher adds error rates and the work of moderators.
func (r *euReport) qualitative() [][]string {
	rows := [][]string{{"Applicability", "Service", "Reporting period", "Indicator", "Value"}}
	const own = "engaged in at the provider"
	w := i18n.In("en") // the template is in English
	for _, one := range [][2]string{
		{"Summary of the content moderation " + own + "s’ own initiative", w.T("open.policy."+string(r.policy)) + " " +
			w.T("open.program") + " " + w.T("open.redress")},
		{"Meaningful and comprehensible information regarding content moderation " + own + "s' own initiative"},
		{"Qualitative description of the automated means", "A classifier learns from the decisions of " +
			"moderators on this site which words occur in refused comments. The software also detects near-duplicates, and " +
			"words, links and commenters that the publisher listed. It shows each finding to moderators with its weight."},
		{"Qualitative description of indicators of accuracy and possible rate of error of automated means"},
		{"Specification of the precise purposes to apply automated means", "To sort pending comments, to " +
			"group copies of a text, to suggest decisions, and to hold suspected comments for review."},
		{"Safeguards applied to the use of automated means", "No comment is refused automatically. Each " +
			"decision is made by a person, recorded in a tamper-evident log, and can be undone together with what the " +
			"classifier learned from it. Commenters can appeal against a refusal."},
	} {
		rows = append(rows, []string{euAll, r.site, r.period, one[0], one[1]})
	}
	return rows
}

// memberStates are the EU's members as alternating codes and names. The codes are those of Eurostat's glossary.
var memberStates = strings.Fields(`AT Austria BE Belgium BG Bulgaria CY Cyprus CZ Czechia DE Germany DK Denmark
	EE Estonia EL Greece ES Spain FI Finland FR France HR Croatia HU Hungary IE Ireland IT Italy LT Lithuania
	LU Luxembourg LV Latvia MT Malta NL Netherlands PL Poland PT Portugal RO Romania SE Sweden SI Slovenia SK Slovakia`)

// memberState returns the code of a typed country, or "" if it is not a known member state.
func memberState(country string) string {
	country = strings.TrimSpace(country)
	for i := 0; i < len(memberStates); i += 2 {
		if strings.EqualFold(country, memberStates[i]) || strings.EqualFold(country, memberStates[i+1]) {
			return memberStates[i]
		}
	}
	return ""
}
