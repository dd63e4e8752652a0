package rows

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm/schema"
)

type thingRow struct {
	Thing thingFields `gorm:"embedded"`
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

type thingFields struct {
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

func TestColumns_MatchRowFields(t *testing.T) {
	all := Of[thingRow]()
	for _, tt := range []struct{ name, got, want string }{
		{"names", all.Names, "site_id, kind, name, hash, odds, made_at, sum, seen, score, extra"},
		{"only", all.Only("extra", "kind").Names, "extra, kind"},
		{"without", all.Without("site_id", "made_at", "sum", "seen", "score", "extra").Names, "kind, name, hash, odds"},
		{"insert", all.Only("kind", "extra").Insert(1), "INSERT INTO things (kind, extra) VALUES (?, ?)"},
		{"insert more", all.Only("kind", "extra").Insert(3),
			"INSERT INTO things (kind, extra) VALUES (?, ?), (?, ?), (?, ?)"},
		{"set", all.Only("kind", "extra").Set(), "kind = ?, extra = ?"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Only accepts an unknown column")
		}
	}()
	all.Only("colour")
}

// scanned scans written arguments into a row, as drivers would.
func scanned(t *testing.T, c Columns[thingRow], args []any) (row thingRow) {
	t.Helper()
	for i, to := range c.Targets(&row) {
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

func TestColumns_RoundTrip(t *testing.T) {
	all := Of[thingRow]()
	full := thing{
		Site: 7, Kind: 3, Name: "n", Hash: []byte("h"), Odds: []float64{0.5, 2}, At: time.UnixMicro(12).UTC(),
		Sum: []byte{}, Seen: true, Score: 0.25,
	}
	for name, want := range map[string]thing{"full": full, "empty": {Sum: []byte{}}} {
		row := thingRow{Thing: thingFields(want), Extra: 5}
		args := all.Values(row, row)
		if len(args) != 2*len(all.fields) {
			t.Fatalf("%s: two rows have %d values", name, len(args))
		}
		got := scanned(t, all, args[len(all.fields):])
		if !reflect.DeepEqual(thing(got.Thing), want) || got.Extra != 5 {
			t.Errorf("%s: came back as %+v, want %+v", name, got, want)
		}
	}
}

func TestValues_EmptyValues(t *testing.T) {
	all := Of[thingRow]()
	args := all.Values(thingRow{Thing: thingFields{Hash: []byte{}, Odds: []float64{}}})
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

func TestSerializers_RefuseInvalidValues(t *testing.T) {
	all := Of[thingRow]()
	at := func(name string) int {
		return slices.IndexFunc(all.fields, func(f *schema.Field) bool { return f.DBName == name })
	}
	args := all.Values(thingRow{Thing: thingFields{Odds: []float64{math.NaN()}}})
	if v, err := args[at("odds")].(cell).Value(); err == nil {
		t.Errorf("a number that JSON lacks is stored as %v", v)
	}
	var row thingRow
	targets := all.Targets(&row)
	for name, wrong := range map[string]any{"name": 1.5, "hash": int64(1), "odds": "{", "made_at": "now"} {
		if err := targets[at(name)].(cell).Scan(wrong); err == nil {
			t.Errorf("%s is read from %v", name, wrong)
		}
	}
}

// The driver reuses its buffer for the next row, so bytes must be copied.
func TestNull_CopiesBytes(t *testing.T) {
	var row thingRow
	theirs := []byte("one")
	err := Of[thingRow]().Only("hash").Targets(&row)[0].(cell).Scan(theirs)
	copy(theirs, "two")
	if err != nil || string(row.Thing.Hash) != "one" {
		t.Errorf("the hash became %q, %v", row.Thing.Hash, err)
	}
}
