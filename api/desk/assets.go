package desk

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"

	"github.com/labstack/echo/v4"
)

//go:embed dist mark.svg
var assetFiles embed.FS

type assetFile struct {
	body          []byte
	kind, version string
}

// What the pages load from /moderate/assets/, by name.
var assets = map[string]assetFile{
	"desk.css": readAsset("dist/desk.css", "text/css; charset=utf-8"),
	"desk.js":  readAsset("dist/desk.js", "text/javascript; charset=utf-8"),
	"mark.svg": readAsset("mark.svg", "image/svg+xml"),
}

func readAsset(name, kind string) assetFile {
	body, err := assetFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(body)
	return assetFile{body, kind, hex.EncodeToString(sum[:6])}
}

// assetURL carries the version, so that a page never meets a script of another release.
func assetURL(name string) string {
	return path.Join("/moderate/assets", name) + "?v=" + assets[name].version
}

func asset(c echo.Context) error {
	a, ok := assets[c.Param("name")]
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-cache")
	if c.QueryParam("v") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `"`+a.version+`"`)
	if c.Request().Header.Get("If-None-Match") == `"`+a.version+`"` {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, a.kind, a.body)
}
