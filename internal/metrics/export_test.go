package metrics

import "strings"

// DocumentationRows returns the rows of the table of metrics in the documentation.
func DocumentationRows() (rows []string) {
	for _, d := range definitions {
		from := "process"
		if d.shared {
			from = "database"
		}
		labels := ""
		if len(d.labels) > 0 {
			labels = "`" + strings.Join(d.labels, "` `") + "`"
		}
		rows = append(rows, "| `"+d.name+"` | "+labels+" | "+from+" | "+d.help+" |")
	}
	return rows
}
