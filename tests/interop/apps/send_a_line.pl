# Sends one line to a metrics server. Usage: perl send_a_line.pl SOCKET
use strict;
use IO::Socket::UNIX;
my $metrics = IO::Socket::UNIX->new(Type => SOCK_STREAM(), Peer => $ARGV[0]) or die $!;
print $metrics qq({"observe":"from_perl_seconds","value":0.25}\n);
close($metrics);
