/* swap A B: exchanges what two paths name, again and again, until it is killed: who walks there meets both */
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    while (argc == 3 && renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
        ;
    perror("swap");
    return 1;
}
