package store

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm/schema"
)

type thingRow struct {
	Thing thingPart `gorm:"embedded"`
	Extra int
}

func (thingRow) TableName() string { return "things" }

type thing struct {
	Site  int64
	Kind  kind
	Name  string
	Hash  []byte
	Odds  []float64
	At    time.Time
	Sum   []byte
	Seen  bool
	Score float64
	Other []string
}

type kind uint8

type thingPart struct {
	Site  int64 `gorm:"column:site_id"`
	Kind  kind
	Name  string    `gorm:"serializer:null"`
	Hash  []byte    `gorm:"serializer:null"`
	Odds  []float64 `gorm:"serializer:list"`
	At    time.Time `gorm:"column:made_at;serializer:micros"`
	Sum   []byte
	Seen  bool
	Score float64
	Other []string `gorm:"-"`
}

func TestColumnsAreTheFieldsOfTheRow(t *testing.T) {
	all := columnsOf[thingRow]()
	for _, tt := range []struct{ name, got, want string }{
		{"names", all.names, "site_id, kind, name, hash, odds, made_at, sum, seen, score, extra"},
		{"only", all.only("extra", "kind").names, "extra, kind"},
		{"without", all.without("site_id", "made_at", "sum", "seen", "score", "extra").names, "kind, name, hash, odds"},
		{"insert", all.only("kind", "extra").insert(1), "INSERT INTO things (kind, extra) VALUES (?, ?)"},
		{"insert more", all.only("kind", "extra").insert(3),
			"INSERT INTO things (kind, extra) VALUES (?, ?), (?, ?), (?, ?)"},
		{"set", all.only("kind", "extra").set(), "kind = ?, extra = ?"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a column that the table lacks can be asked for")
		}
	}()
	all.only("colour")
}

// scanned puts what was written where Scan would, as both drivers hand it over.
func scanned(t *testing.T, c columns[thingRow], args []any) (row thingRow) {
	t.Helper()
	for i, to := range c.targets(&row) {
		if s, ok := to.(cell); ok {
			v, err := args[i].(cell).Value()
			if err == nil {
				err = s.Scan(v)
			}
			if err != nil {
				t.Fatalf("%s: %v", c.fields[i].DBName, err)
			}
			continue
		}
		at := reflect.ValueOf(to).Elem()
		at.Set(reflect.ValueOf(args[i]).Convert(at.Type()))
	}
	return row
}

func TestARowComesBackAsItWasWritten(t *testing.T) {
	all := columnsOf[thingRow]()
	full := thing{
		Site: 7, Kind: 3, Name: "n", Hash: []byte("h"), Odds: []float64{0.5, 2}, At: time.UnixMicro(12).UTC(),
		Sum: []byte{}, Seen: true, Score: 0.25,
	}
	for name, want := range map[string]thing{"full": full, "empty": {Sum: []byte{}}} {
		row := thingRow{Thing: thingPart(want), Extra: 5}
		args := all.values(row, row)
		if len(args) != 2*len(all.fields) {
			t.Fatalf("%s: two rows have %d values", name, len(args))
		}
		got := scanned(t, all, args[len(all.fields):])
		if !reflect.DeepEqual(thing(got.Thing), want) || got.Extra != 5 {
			t.Errorf("%s: came back as %+v, want %+v", name, got, want)
		}
	}
}

func TestWhatIsEmptyIsStoredAsItsColumnSays(t *testing.T) {
	all := columnsOf[thingRow]()
	args := all.values(thingRow{Thing: thingPart{Hash: []byte{}, Odds: []float64{}}})
	for i, f := range all.fields {
		want, ok := map[string]any{"name": nil, "hash": nil, "odds": "[]", "made_at": int64(0)}[f.DBName]
		if !ok {
			continue
		}
		if got, err := args[i].(cell).Value(); got != want || err != nil {
			t.Errorf("%s is stored as %v, %v, want %v", f.DBName, got, err, want)
		}
	}
}

func TestWhatAColumnCannotHoldIsRefused(t *testing.T) {
	all := columnsOf[thingRow]()
	at := func(name string) int {
		return slices.IndexFunc(all.fields, func(f *schema.Field) bool { return f.DBName == name })
	}
	args := all.values(thingRow{Thing: thingPart{Odds: []float64{math.NaN()}}})
	if v, err := args[at("odds")].(cell).Value(); err == nil {
		t.Errorf("a number that JSON lacks is stored as %v", v)
	}
	var row thingRow
	targets := all.targets(&row)
	for name, wrong := range map[string]any{"name": 1.5, "hash": int64(1), "odds": "{", "made_at": "now"} {
		if err := targets[at(name)].(cell).Scan(wrong); err == nil {
			t.Errorf("%s is read from %v", name, wrong)
		}
	}
}

// What the driver hands over is its own: the next row is read into the same bytes.
func TestBytesAreCopied(t *testing.T) {
	var row thingRow
	theirs := []byte("one")
	err := columnsOf[thingRow]().only("hash").targets(&row)[0].(cell).Scan(theirs)
	copy(theirs, "two")
	if err != nil || string(row.Thing.Hash) != "one" {
		t.Errorf("the hash became %q, %v", row.Thing.Hash, err)
	}
}

func TestARowLeavesNothingInTheNext(t *testing.T) {
	db := openedSQLite(t)
	type pair struct{ a, b *int }
	var got []pair
	_, err := For[*tx](db).Update(t.Context(), func(x *tx) (err error) {
		got, err = query(x, func(p *pair) []any { return []any{&p.a, &p.b} },
			"SELECT 1, 2 UNION ALL SELECT 3, NULL UNION ALL SELECT NULL, 4")
		return err
	})
	if err != nil || len(got) != 3 || *got[0].a != 1 || got[1].b != nil || got[2].a != nil || *got[2].b != 4 {
		t.Errorf("read %v, %v", got, err)
	}
}
