/* Ends at once: the cheapest program there is, for storms. Linked statically. */
int main(void)
{
        return 0;
}
