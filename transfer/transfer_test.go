package transfer_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/transfer"
)

// dumps are files in testdata, one of each format.
var dumps = map[string]string{
	"wordpress": "blog.wxr.xml",
	"disqus":    "disqus.xml",
	"isso":      "isso.sql",
	"remark42":  "remark42.jsonl",
	"commento":  "commento.json",
}

// What is in a dump is what the site has afterwards, as a dry run had said it would be; the second run adds nothing.
func TestEachFormatIsImportedAsItsDumpSays(t *testing.T) {
	for format, file := range dumps {
		t.Run(format, func(t *testing.T) {
			onBoth(t, func(w *world) {
				in := transfer.Request{Format: format, Path: w.dump(file), Base: "https://a.example", DryRun: true}
				said := w.imports(in)
				if told := w.told(); told != "" {
					w.t.Fatalf("a dry run wrote\n%s", told)
				}
				in.DryRun = false
				done := w.imports(in)
				if a, b := asJSON(w.t, said), asJSON(w.t, done); a != b {
					w.t.Errorf("the dry run said\n%s\nand the import\n%s", a, b)
				}
				told := w.told()
				golden(w.t, format+".golden", asJSON(w.t, done)+"\n"+told)
				for _, dry := range []bool{true, false} {
					in.DryRun = dry
					again := w.imports(in)
					if again.Added != 0 || again.Lessons != (transfer.Lessons{}) || again.Comments != done.Comments {
						w.t.Errorf("the second run, dry %t, said %s", dry, asJSON(w.t, again))
					}
				}
				if now := w.told(); now != told {
					w.t.Errorf("after the second run there is\n%s\nnot\n%s", now, told)
				}
			})
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// What an import taught is taken back as what an account taught, and nobody waited for what it decided.
func TestAnImportStandsInTheLogUnderItsOwnName(t *testing.T) {
	onBoth(t, func(w *world) {
		w.imports(transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml"})
		const by = "import:wordpress"
		teachers, err := w.S.Teachers(w.Ctx, people.Operator, w.A)
		if err != nil || len(teachers) != 1 || teachers[0].Name != by || teachers[0].Lessons != 4 {
			w.t.Errorf("the filter was taught by %+v, %v", teachers, err)
		}
		flow, err := w.S.Flow(w.Ctx, people.Operator, w.A, 28)
		if err != nil || flow.Wait.Of != 0 || flow.CameIn != 0 {
			w.t.Errorf("%d came in, and %d were waited for, %v", flow.CameIn, flow.Wait.Of, err)
		}
		done, err := w.S.WithdrawLessons(w.Ctx, people.Operator, w.A, by, nil)
		if err != nil || done.Lessons != 4 {
			w.t.Errorf("%d lessons were withdrawn, %v", done.Lessons, err)
		}
		w.imports(transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml"})
		if teachers, err := w.S.Teachers(w.Ctx, people.Operator, w.A); err != nil || len(teachers) != 0 {
			w.t.Errorf("and after that by %+v, %v", teachers, err)
		}
	})
}

func TestWithoutLearningADecisionTeachesNothing(t *testing.T) {
	onBoth(t, func(w *world) {
		out := w.imports(transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml", NoLearn: true})
		if out.Lessons != (transfer.Lessons{}) || out.Approved != 3 {
			w.t.Errorf("it said %s", asJSON(w.t, out))
		}
		if told := w.told(); strings.Contains(told, "teaches") || !strings.Contains(told, "by import:wordpress: approve") {
			w.t.Errorf("there is\n%s", told)
		}
	})
}
