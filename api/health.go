package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/problem"
)

// healthz answers 200 while the process runs.
func (s *Server) healthz(c echo.Context) error {
	web.NoStore(c)
	return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
}

// readyz answers 200 if the database responds and the server is not draining. Redis may be down; the response reports
// its state.
func (s *Server) readyz(c echo.Context) error {
	web.NoStore(c)
	ctx, end := context.WithTimeout(c.Request().Context(), renderTimeout)
	defer end()
	select {
	case <-s.draining:
		return problem.TryAgain(web.ErrDraining)
	default:
	}
	if err := s.kit.Process.Ready(ctx); err != nil {
		return err
	}
	redis := "none"
	if s.redis != nil && s.redis() != "" {
		redis = s.redis()
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ready", "redis": redis, "storage": s.kit.Process.Storage()})
}
