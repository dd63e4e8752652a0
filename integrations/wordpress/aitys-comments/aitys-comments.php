<?php
/*
 * Plugin Name: Aitys comments
 * Description: Replaces WordPress comments by the comments of your Aitys server. Copy the folder aitys-comments to
 *              wp-content/plugins, activate it, and add to wp-config.php, above "That's all":
 *              define( 'AITYS_URL', 'https://comments.example.org' );
 *              define( 'AITYS_SITE', 'blog' );
 */

if ( ! defined( 'ABSPATH' ) || ! defined( 'AITYS_URL' ) || ! defined( 'AITYS_SITE' ) ) {
	return;
}

/**
 * Returns the HTML of a post's thread, with a link for readers without JavaScript. The outer element has the usual id and
 * classes of themes. Returns an empty string if the post requires a password.
 */
function aitys_comments() {
	if ( post_password_required() ) {
		return '';
	}
	$server = untrailingslashit( AITYS_URL );
	$plain  = $server . '/sites/' . rawurlencode( AITYS_SITE ) . '/page?url=' . rawurlencode( get_permalink() );
	return sprintf(
		'<div id="comments" class="comments-area default-max-width wp-block-comments"><div id="aitys"></div>'
		. '<script async crossorigin src="%s" data-site="%s" data-page="%s" data-title="%s"></script>'
		. '<noscript><a href="%s">%s</a></noscript></div>',
		esc_url( $server . '/embed.js' ),
		esc_attr( AITYS_SITE ),
		esc_url( get_permalink() ),
		esc_attr( wp_strip_all_tags( get_the_title() ) ),
		esc_url( $plain ),
		esc_html__( 'Comments' )
	);
}

// Classic themes: replace the comments template.
add_filter(
	'comments_template',
	function () {
		return __DIR__ . '/comments.php';
	},
	100
);

// Block themes: replace the comments block, under each of its names.
add_filter(
	'pre_render_block',
	function ( $shown, $block ) {
		$names = array( 'core/comments', 'core/comments-query-loop', 'core/post-comments' );
		if ( ! in_array( $block['blockName'], $names, true ) || ! is_singular() ) {
			return $shown;
		}
		return comments_open() || get_comments_number() ? aitys_comments() : '';
	},
	100,
	2
);

// Close WordPress's own comment endpoints: nobody would see comments that arrive there.
add_action(
	'pre_comment_on_post',
	function () {
		wp_die( esc_html__( 'Comments are closed.' ), '', array( 'response' => 403 ) );
	}
);
add_filter( 'xmlrpc_allow_anonymous_comments', '__return_false', 100 );
add_filter( 'rest_allow_anonymous_comments', '__return_false', 100 );
add_filter( 'pings_open', '__return_false', 100 );
