<?php
/*
 * The place of a classic theme's comments.php.
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}
echo aitys_comments(); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped there
