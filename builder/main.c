/* Arguments -> command table -> exit status; the only place that prints errors. */
int main(void)
{
	return 2;
}
