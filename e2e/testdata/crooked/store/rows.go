package store

// A thingRow lists the columns of things: this, and no other.
type thingRow struct {
	ID, Kind, Name string
	Part           part `gorm:"embedded"`
	Made           int  `gorm:"column:made_at;not null" json:"as wide as a tag may be, which cannot be broken"`
}

type part struct {
	Weight, Height int
}

// TableName is what gorm asks for.
func (thingRow) TableName() string { return "things" }

// all lists them again; some and the condition do not.
const (
	all  = "SELECT id, kind, name, weight, height, made_at FROM things"
	some = "UPDATE things SET kind = ?, weight = ?, height = ? WHERE id = ? AND made_at = ?"
)
