package desk

import (
	"embed"
	"path"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
)

//go:embed dist mark.svg
var assetFiles embed.FS

// assets maps names below /moderate/assets/ to files.
var assets = map[string]*web.File{
	"desk.css": readAsset("dist/desk.css", "text/css; charset=utf-8"),
	"desk.js":  readAsset("dist/desk.js", "text/javascript; charset=utf-8"),
	"mark.svg": readAsset("mark.svg", "image/svg+xml"),

	"reference.js": readAsset("dist/reference.js", "text/javascript; charset=utf-8"), // used by /docs
}

func readAsset(name, kind string) *web.File {
	body, err := assetFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	f := web.NewFile(kind, body)
	f.Brotli, _ = assetFiles.ReadFile(name + ".br") // nil for files without a compressed copy
	return f
}

// assetURL returns the address of an asset. It contains the version, so that a page never loads a script of another
// release.
func assetURL(name string) string {
	return path.Join("/moderate/assets", name) + "?v=" + assets[name].Version
}

func asset(c echo.Context) error {
	a, ok := assets[c.Param("name")]
	if !ok {
		return echo.ErrNotFound
	}
	return a.Serve(c, "no-cache")
}
