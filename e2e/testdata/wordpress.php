<?php
// Sets WordPress up for TestWordPress: php wordpress.php FOLDER DO [ARGUMENT].
$_SERVER['HTTP_HOST'] = parse_url( getenv( 'WP_URL' ), PHP_URL_HOST );
if ( 'install' === $argv[2] ) {
	define( 'WP_INSTALLING', true );
}
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
switch ( $argv[2] ) {
	case 'install':
		wp_install( 'The Blog', 'owner', 'owner@blog.example', true, '', getenv( 'WP_PASSWORD' ) );
		update_option( 'comment_previously_approved', 0 ); // strangers' comments are published
		break;
	case 'activate':
		$failed = activate_plugin( $argv[3] );
		if ( is_wp_error( $failed ) ) {
			fwrite( STDERR, $failed->get_error_message() );
			exit( 1 );
		}
		break;
	case 'theme':
		switch_theme( $argv[3] );
		break;
	case 'protect': // prints the ID of a new post with a password
		echo wp_insert_post( array( 'post_title' => 'Protected', 'post_content' => 'Secret.', 'post_status' => 'publish',
			'post_password' => 'secret', 'comment_status' => 'open' ) );
		break;
	case 'comments': // one line per comment: ID, status, text
		foreach ( get_comments( array( 'status' => 'any', 'orderby' => 'comment_ID', 'order' => 'ASC' ) ) as $c ) {
			echo $c->comment_ID, ' ', wp_get_comment_status( $c ), ' ', strtok( $c->comment_content, "\n" ), "\n";
		}
}
